package ipc

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"reflect"
	"time"
)

// Refuse answers with an error.
func Refuse(w http.ResponseWriter, e *Error) {
	code, ok := httpStatus[e.Code]
	if !ok {
		code = http.StatusInternalServerError
	}
	if a, ok := w.(*answer); ok {
		a.code = e.Code
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	json.NewEncoder(w).Encode(envelope{e})
}

// Reply answers with v.
func Reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(v)
}

// Receive waits for the body of a request. What is decided under a lock is decided after it: a caller who is slow to
// send holds nobody else up.
func Receive(w http.ResponseWriter, r *http.Request) *Error {
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
		return &Error{BadRequest, "the request is not JSON", "send Content-Type: application/json"}
	}
	if r.ContentLength > MaxBody {
		w.Header().Set("Connection", "close") // what is left of the body is not waited for
		return errTooLarge
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return errTooLarge
	}
	if err != nil {
		return unreadable(errBrokenOff)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return nil
}

// Read takes the body of a request into v, strictly: one JSON object, known fields, each once, not too long or deep.
func Read(w http.ResponseWriter, r *http.Request, v any) *Error {
	if e := Receive(w, r); e != nil {
		return e
	}
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = strict(body, reflect.TypeOf(v).Elem())
	}
	if err != nil {
		return unreadable(err)
	}
	if err := json.Unmarshal(body, v); err != nil {
		return unreadable(shape(err))
	}
	return nil
}

var errTooLarge = &Error{TooLarge, "the request is larger than 64 KiB", "send less"}

func unreadable(err error) *Error {
	return &Error{BadRequest, "the request cannot be read: " + err.Error(), "see docs/ipc.md for what each verb takes"}
}

// shape says what is wrong with a body without quoting its values: they may be secrets.
func shape(err error) error {
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		return errors.New("the field " + kind.Field + " is of another type than expected")
	}
	return errBrokenOff
}

// Lines writes a stream: one JSON value a line, each sent at once.
type Lines struct {
	w  http.ResponseWriter
	rc *http.ResponseController
	e  *json.Encoder
}

// NewLines begins a stream that lasts as long as the caller wants.
func NewLines(w http.ResponseWriter) *Lines {
	rc := http.NewResponseController(w)
	rc.SetReadDeadline(time.Time{}) // the request was read; from here on a read only notices the end
	w.Header().Set("Content-Type", "application/x-ndjson")
	return &Lines{w: w, rc: rc, e: json.NewEncoder(w)}
}

// Begin tells the caller that the stream stands, where the first value may be long in coming.
func (l *Lines) Begin() error { return l.rc.Flush() }

// Refuse ends a stream with an error, as its last line.
func (l *Lines) Refuse(e *Error) error { return l.Send(envelope{e}) }

// Send writes one value.
func (l *Lines) Send(v any) error {
	if err := l.e.Encode(v); err != nil {
		return err
	}
	return l.rc.Flush()
}
