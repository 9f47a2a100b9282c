package ipc

import (
	"context"
	"encoding/json"
	"io"
	"net/http"

	"ezvpn/client/status"
)

// MaxKeySeconds is how long keys can be asked for: an hour.
const MaxKeySeconds = 3600

// Keys asks for what decrypts the session, for some seconds: 1 to MaxKeySeconds.
type Keys struct {
	Seconds int64 `json:"seconds"`
}

// KeyStream is the flow of disclosures.
type KeyStream struct {
	ctx  context.Context
	res  *http.Response
	next *json.Decoder
}

// Keys begins a stream. It ends when its time is over, with ctx, with Close, or when the daemon goes away.
func (c *Client) Keys(ctx context.Context, k Keys) (*KeyStream, error) {
	if err := c.hello(ctx); err != nil {
		return nil, err
	}
	res, err := c.do(ctx, http.MethodPost, PathKeys, k)
	if err != nil {
		return nil, err
	}
	return &KeyStream{ctx: ctx, res: res, next: json.NewDecoder(res.Body)}, nil
}

// Next waits for a line. The end of the stream is io.EOF.
func (s *KeyStream) Next() (d status.Disclosure, err error) {
	switch err = s.next.Decode(&d); {
	case err == nil:
		return d, nil
	case err == io.EOF && s.ctx.Err() == nil:
		return status.Disclosure{}, io.EOF
	}
	return status.Disclosure{}, badReply(s.ctx, err)
}

// Close ends the stream.
func (s *KeyStream) Close() { s.res.Body.Close() }
