package ipc

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"time"
)

// Refuse answers with an error.
func Refuse(w http.ResponseWriter, e *Error) {
	code, ok := httpStatus[e.Code]
	if !ok {
		code = http.StatusInternalServerError
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

// Read takes the body of a request into v, strictly: JSON, known fields, one value, not too long.
func Read(w http.ResponseWriter, r *http.Request, v any) *Error {
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
		return &Error{BadRequest, "the request is not JSON", "send Content-Type: application/json"}
	}
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, MaxBody))
	d.DisallowUnknownFields()
	err := d.Decode(v)
	if err == nil {
		if _, err = d.Token(); errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = errors.New("something follows the first value")
		}
	}
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return &Error{TooLarge, "the request is larger than 64 KiB", "send less"}
	}
	return &Error{BadRequest, "the request cannot be read: " + shape(err), "see docs/ipc.md for what each verb takes"}
}

// shape says what is wrong with a body without quoting its values: they may be secrets.
func shape(err error) string {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &kind):
		return "the field " + kind.Field + " is of another type than expected"
	case errors.As(err, &syntax), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return "the JSON is broken or cut off"
	}
	return "it has a field that is not known, or more than one value"
}

// Lines writes a stream: one JSON value a line, each sent at once. A reader that does not take a line within
// writeTimeout is given up.
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
func (l *Lines) Begin() error {
	if err := l.rc.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	return l.rc.Flush()
}

// Refuse ends a stream with an error, as its last line.
func (l *Lines) Refuse(e *Error) error { return l.Send(envelope{e}) }

// Send writes one value.
func (l *Lines) Send(v any) error {
	if err := l.rc.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	if err := l.e.Encode(v); err != nil {
		return err
	}
	return l.rc.Flush()
}
