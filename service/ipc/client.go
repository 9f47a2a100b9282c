package ipc

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"ezvpn/client/status"
)

// maxReply is more than any answer of the daemon: a full snapshot is a few tens of KiB, a list of 4,096 broken profiles
// with all their errors a few tens of MiB.
const maxReply = 64 << 20

// Client talks to the daemon. It connects when the first verb is called. Errors are *Error, but for a context's own.
type Client struct {
	address string
	http    http.Client

	mu    sync.Mutex // guards greet
	greet bool       // the handshake went well
}

// NewClient is a client for the service at this address; see Address.
func NewClient(address string) *Client {
	c := &Client{address: address}
	c.http.Transport = &http.Transport{
		DialContext:           func(ctx context.Context, _, _ string) (net.Conn, error) { return c.dial(ctx) },
		ResponseHeaderTimeout: 30 * time.Second,
		DisableCompression:    true,
	}
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c
}

// Close lets go of idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

func (c *Client) dial(ctx context.Context) (net.Conn, error) {
	nc, err := dialRaw(ctx, c.address)
	if errors.Is(err, fs.ErrPermission) {
		return nil, &Error{NotAllowed, "you may not use the socket " + c.address, "run the command with sudo"}
	}
	if err != nil {
		return nil, &Error{Unreachable, "no service answers on " + c.address, startHint}
	}
	if err := checkServer(nc); err != nil {
		nc.Close()
		return nil, &Error{WrongServer, "what answers on " + c.address + " is not the service: " + err.Error(),
			"nothing was sent to it; find out who put it there"}
	}
	return nc, nil
}

// Version is the handshake. Every other verb does it first by itself.
func (c *Client) Version(ctx context.Context) (Version, error) {
	var v Version
	err := c.call(ctx, http.MethodGet, PathVersion, nil, &v)
	if err == nil && v.API != API {
		err = mismatch(strconv.Itoa(API), strconv.Itoa(v.API))
	}
	return v, err
}

// Status is one snapshot.
func (c *Client) Status(ctx context.Context) (s status.Snapshot, err error) {
	return s, c.verb(ctx, http.MethodGet, PathStatus, nil, &s)
}

// Profiles lists what the caller may connect.
func (c *Client) Profiles(ctx context.Context) ([]ProfileInfo, error) {
	p, err := c.ListProfiles(ctx)
	return p.Profiles, err
}

// ListProfiles is Profiles with what is wrong beside them.
func (c *Client) ListProfiles(ctx context.Context) (p Profiles, err error) {
	return p, c.verb(ctx, http.MethodGet, PathProfiles, nil, &p)
}

// Up asks for a connect; the stream of Watch tells how it goes.
func (c *Client) Up(ctx context.Context, u Up) (s State, err error) {
	return s, c.verb(ctx, http.MethodPost, PathUp, u, &s)
}

// Down ends the session, and returns when the machine is put back.
func (c *Client) Down(ctx context.Context) (s State, err error) {
	return s, c.verb(ctx, http.MethodPost, PathDown, struct{}{}, &s)
}

// Answer answers the open prompt, or cancels the connect.
func (c *Client) Answer(ctx context.Context, a Answer) (s State, err error) {
	return s, c.verb(ctx, http.MethodPost, PathAnswer, a, &s)
}

func (c *Client) verb(ctx context.Context, method, path string, in, out any) error {
	if err := c.hello(ctx); err != nil {
		return err
	}
	return c.call(ctx, method, path, in, out)
}

func (c *Client) hello(ctx context.Context) error {
	c.mu.Lock()
	greeted := c.greet
	c.mu.Unlock()
	if greeted {
		return nil
	}
	if _, err := c.Version(ctx); err != nil {
		return err
	}
	c.mu.Lock()
	c.greet = true
	c.mu.Unlock()
	return nil
}

func (c *Client) call(ctx context.Context, method, path string, in, out any) error {
	res, err := c.do(ctx, method, path, in)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if err := json.NewDecoder(io.LimitReader(res.Body, maxReply)).Decode(out); err != nil {
		return badReply(ctx, err)
	}
	return nil
}

// do sends one request; a refusal comes back as *Error.
func (c *Client) do(ctx context.Context, method, path string, in any) (*http.Response, error) {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return nil, fmt.Errorf("writing the request: %w", err)
		}
		body = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://"+Host+path, body)
	if err != nil {
		return nil, fmt.Errorf("writing the request: %w", err)
	}
	r.Header.Set(HeaderAPI, strconv.Itoa(API))
	if in != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	res, err := c.http.Do(r)
	if err != nil {
		return nil, transportError(ctx, err)
	}
	if res.StatusCode == http.StatusOK {
		return res, nil
	}
	defer res.Body.Close()
	var e envelope
	if json.NewDecoder(io.LimitReader(res.Body, maxReply)).Decode(&e) != nil || e.Error == nil || e.Error.Code == "" {
		return nil, &Error{BadReply, "the service answers " + res.Status + " and not what was expected",
			"install ezvpn and ezvpnd from the same release"}
	}
	return nil, e.Error
}

func transportError(ctx context.Context, err error) error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return &Error{Unreachable, "the service went away while it was asked", "look at its log, or " + startHint}
}

func badReply(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &Error{Unreachable, "the service closed the connection", "look at its log, or " + startHint}
	}
	return &Error{BadReply, "the service's answer cannot be read", "install ezvpn and ezvpnd from the same release"}
}
