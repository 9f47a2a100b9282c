package tray

import "ezvpn/gui/view"

// Notifier shows nothing here yet: icon and tooltip tell the state.
type Notifier struct{}

// Show does nothing.
func (n *Notifier) Show(view.Notice) {}
