package proxy

import (
	"context"

	"ezvpn/client"
	"ezvpn/client/profile"
	"ezvpn/client/status"
)

// questions puts what the gateway asks to somebody, one at a time.
type questions struct {
	client  *client.Client
	ask     func(ctx context.Context, p status.Prompt) (map[string]profile.Secret, error)
	problem chan error // why a question was not answered

	id   string // of the one that is open
	stop context.CancelFunc
	done chan struct{} // closed when nobody is asked it any more
}

// follow takes what is asked now; nil for nothing.
func (q *questions) follow(ctx context.Context, p *status.Prompt) {
	if p != nil && p.ID == q.id {
		return
	}
	q.drop()
	if p == nil {
		return
	}
	ctx, q.stop = context.WithCancel(ctx)
	q.id, q.done = p.ID, make(chan struct{})
	go q.put(ctx, *p, q.done)
}

func (q *questions) put(ctx context.Context, p status.Prompt, done chan struct{}) {
	defer close(done)
	fields, err := q.ask(ctx, p)
	if ctx.Err() != nil {
		return // it was answered, or is over
	}
	q.client.Answer(p.ID, fields, err != nil)
	if err != nil {
		select {
		case q.problem <- err:
		default:
		}
	}
}

// drop ends the open question.
func (q *questions) drop() {
	if q.stop != nil {
		q.stop()
		<-q.done
	}
	q.id, q.stop = "", nil
}
