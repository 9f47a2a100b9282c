package client

import (
	"fmt"
	"io"
)

// A Secret hides itself from fmt, but not from inside an unexported field: there fmt calls no method. So what holds
// one says how it prints.

func (m machine) Format(f fmt.State, _ rune)    { io.WriteString(f, "machine "+string(m.state)) }
func (credentials) Format(f fmt.State, _ rune)  { io.WriteString(f, "credentials") }
func (p *prompt) Format(f fmt.State, _ rune)    { io.WriteString(f, "prompt "+p.ID) }
func (evConnect) Format(f fmt.State, _ rune)    { io.WriteString(f, "connect") }
func (evAnswer) Format(f fmt.State, _ rune)     { io.WriteString(f, "answer") }
func (e evIKE) Format(f fmt.State, _ rune)      { fmt.Fprintf(f, "%T", e.event) }
func (a actAnswer) Format(f fmt.State, _ rune)  { fmt.Fprintf(f, "answer round %d", a.answer.Round) }
func (a actDial) Format(f fmt.State, _ rune)    { io.WriteString(f, "dial "+a.to.String()) }
func (a actInstall) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "install 0x%08x", a.sa.In.SPI) }
func (c *Client) Format(f fmt.State, _ rune)    { io.WriteString(f, "client") }
