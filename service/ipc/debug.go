package ipc

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"ezvpn/client/status"
)

// maxSince is a hundred years in seconds.
const maxSince = 100 * 365 * 86400

// Debug asks for debug lines: those since a moment, or of the last seconds, at most one of the two; with follow also
// those that come, until the caller leaves.
type Debug struct {
	Since        string `json:"since,omitempty"` // RFC 3339
	SinceSeconds int64  `json:"since_seconds,omitempty"`
	Follow       bool   `json:"follow,omitempty"`
}

// From is the moment that is meant, with now as the present: now itself if none is given.
func (d Debug) From(now time.Time) (time.Time, error) {
	switch {
	case d.SinceSeconds < 0 || d.SinceSeconds > maxSince:
		return now, errors.New("since_seconds is negative or more than a hundred years")
	case d.Since == "":
		return now.Add(-time.Duration(d.SinceSeconds) * time.Second), nil
	case d.SinceSeconds != 0:
		return now, errors.New("since and since_seconds do not go together")
	}
	t, err := time.Parse(time.RFC3339, d.Since)
	if err != nil {
		return now, errors.New("since is not a time as in RFC 3339, such as 2026-03-25T15:47:00Z")
	}
	return t, nil
}

// DebugStream is the flow of debug lines, oldest first.
type DebugStream struct {
	ctx  context.Context
	res  *http.Response
	next *json.Decoder
}

// Debug begins a stream. It ends with ctx, with Close, when all is sent and Follow is not set, or when the daemon goes
// away.
func (c *Client) Debug(ctx context.Context, d Debug) (*DebugStream, error) {
	if err := c.hello(ctx); err != nil {
		return nil, err
	}
	res, err := c.do(ctx, http.MethodPost, PathDebug, d)
	if err != nil {
		return nil, err
	}
	return &DebugStream{ctx: ctx, res: res, next: json.NewDecoder(res.Body)}, nil
}

// Next waits for a line. The end of the stream is io.EOF; a stream that the daemon broke off ends with *Error.
func (s *DebugStream) Next() (status.DebugLine, error) {
	var line struct {
		status.DebugLine
		envelope
	}
	switch err := s.next.Decode(&line); {
	case err == io.EOF && s.ctx.Err() == nil:
		return status.DebugLine{}, io.EOF
	case err != nil:
		return status.DebugLine{}, badReply(s.ctx, err)
	case line.Error != nil:
		return status.DebugLine{}, line.Error
	}
	return line.DebugLine, nil
}

// Close ends the stream.
func (s *DebugStream) Close() { s.res.Body.Close() }
