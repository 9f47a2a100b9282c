package ipc

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"
)

// Levels of log lines, from the most to the least.
var LogLevels = []string{"debug", "info", "warn", "error"}

// MaxLogSeconds is how long a level that was asked for can last: a day.
const MaxLogSeconds = 86400

// Log asks for lines of the service's log: those of the last seconds that are kept, and with follow those that come.
type Log struct {
	SinceSeconds int64  `json:"since_seconds,omitempty"`
	Follow       bool   `json:"follow,omitempty"`
	Level        string `json:"level,omitempty"` // the least that is sent; info without it
}

// LogLine is one line of the log.
type LogLine struct {
	Serial uint64    `json:"serial"` // grows by one; a gap means lines that were lost
	Time   time.Time `json:"time"`
	Level  string    `json:"level"`
	Text   string    `json:"text"` // without time and level
}

// LogLevel asks for another level, for some seconds; 0 seconds is until the service stops. An empty level only asks.
type LogLevel struct {
	Level   string `json:"level,omitempty"`
	Seconds int64  `json:"seconds,omitempty"`
}

// LogLevelNow answers with the level in force.
type LogLevelNow struct {
	Level   string    `json:"level"`
	Until   time.Time `json:"until,omitzero"` // when it falls back
	Default string    `json:"default"`        // what it falls back to
}

// SetLogLevel changes what the service logs, or asks what it does.
func (c *Client) SetLogLevel(ctx context.Context, l LogLevel) (now LogLevelNow, err error) {
	return now, c.verb(ctx, http.MethodPost, PathLogLevel, l, &now)
}

// LogStream is the flow of log lines, oldest first.
type LogStream struct {
	ctx  context.Context
	res  *http.Response
	next *json.Decoder
}

// Log begins a stream. It ends with ctx, with Close, when all is sent and Follow is not set, or when the daemon goes away.
func (c *Client) Log(ctx context.Context, l Log) (*LogStream, error) {
	if err := c.hello(ctx); err != nil {
		return nil, err
	}
	res, err := c.do(ctx, http.MethodPost, PathLog, l)
	if err != nil {
		return nil, err
	}
	return &LogStream{ctx: ctx, res: res, next: json.NewDecoder(res.Body)}, nil
}

// Next waits for a line. The end of the stream is io.EOF.
func (s *LogStream) Next() (l LogLine, err error) {
	err = s.next.Decode(&l)
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, io.EOF) && s.ctx.Err() == nil:
		return LogLine{}, io.EOF
	}
	return LogLine{}, badReply(s.ctx, err)
}

// Close ends the stream.
func (s *LogStream) Close() { s.res.Body.Close() }
