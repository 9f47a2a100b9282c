package ipc

import (
	"context"
	"encoding/json"
	"net/http"

	"ezvpn/client/status"
)

// Stream is the flow of snapshots: each is complete, and the newest there is when it is read.
type Stream struct {
	ctx  context.Context
	res  *http.Response
	next *json.Decoder
}

// Watch begins a stream. It ends with ctx, with Close, or when the daemon goes away.
func (c *Client) Watch(ctx context.Context) (*Stream, error) {
	if err := c.hello(ctx); err != nil {
		return nil, err
	}
	res, err := c.do(ctx, http.MethodGet, PathWatch, nil)
	if err != nil {
		return nil, err
	}
	return &Stream{ctx: ctx, res: res, next: json.NewDecoder(res.Body)}, nil
}

// Next waits for a snapshot.
func (s *Stream) Next() (snap status.Snapshot, err error) {
	if err := s.next.Decode(&snap); err != nil {
		return status.Snapshot{}, badReply(s.ctx, err)
	}
	return snap, nil
}

// Close ends the stream.
func (s *Stream) Close() { s.res.Body.Close() }
