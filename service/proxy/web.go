package proxy

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"strings"
	"time"
)

// web answers HTTP requests to the proxy.
type web struct {
	*server
	ctx     context.Context
	through http.RoundTripper
}

func (h *web) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h.creds.wanted() && !h.authorized(r) {
		w.Header().Set("Proxy-Authenticate", `Basic realm="ezvpn"`)
		http.Error(w, "ezvpn: user and password are wanted", http.StatusProxyAuthRequired)
		return
	}
	switch {
	case r.Method == http.MethodConnect:
		h.connect(w, r)
	case r.URL.Scheme == "http" && r.URL.Host != "":
		h.forward(w, r)
	default:
		http.Error(w, "ezvpn: this is a proxy; tell your browser to use it as one", http.StatusBadRequest)
	}
}

func (h *web) authorized(r *http.Request) bool {
	kind, value, _ := strings.Cut(r.Header.Get("Proxy-Authorization"), " ")
	b, err := base64.StdEncoding.DecodeString(value)
	user, password, ok := strings.Cut(string(b), ":")
	return strings.EqualFold(kind, "Basic") && err == nil && ok && h.creds.hold(user, password)
}

func (h *web) connect(w http.ResponseWriter, r *http.Request) {
	host, port, err := net.SplitHostPort(r.Host)
	if err != nil || !isName(host) {
		http.Error(w, "ezvpn: CONNECT wants host:port", http.StatusBadRequest)
		return
	}
	h.wait.Add(1) // the HTTP server forgets a connection that is taken from it
	defer h.wait.Done()
	far, err := h.route.dial(r.Context(), host, port)
	if err != nil {
		h.refuse(w, r, err)
		return
	}
	defer far.Close()
	hijack, ok := w.(http.Hijacker)
	if !ok {
		http.Error(w, "ezvpn: CONNECT needs HTTP/1.1", http.StatusHTTPVersionNotSupported)
		return
	}
	near, buffered, err := hijack.Hijack()
	if err != nil {
		return
	}
	defer near.Close()
	near.SetDeadline(time.Time{})
	if _, err := fmt.Fprint(near, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		return
	}
	if n := buffered.Reader.Buffered(); n > 0 { // what the client sent ahead
		b, _ := buffered.Reader.Peek(n)
		if _, err := far.Write(b); err != nil {
			return
		}
	}
	relay(h.ctx, near, far)
}

func (h *web) forward(w http.ResponseWriter, r *http.Request) {
	p := httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.Out.Header.Del("Proxy-Authorization")
			p.Out.Host = p.In.Host
		},
		Transport: h.through, ErrorLog: nil, FlushInterval: -1,
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) { h.refuse(w, r, err) },
	}
	p.ServeHTTP(w, r)
}

// refuse says in one sentence why a target is not reached, with the status of RFC 9110 section 15.6.
func (h *web) refuse(w http.ResponseWriter, r *http.Request, err error) {
	code := http.StatusBadGateway
	switch {
	case errors.Is(err, ErrDown):
		code = http.StatusServiceUnavailable
	case errors.Is(err, ErrOutside):
		code = http.StatusForbidden
	case timedOut(err):
		code = http.StatusGatewayTimeout
	}
	h.log.Info("refused", "target", r.Host, "err", err)
	http.Error(w, "ezvpn: "+err.Error(), code)
}
