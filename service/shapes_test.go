//go:build linux || darwin

package service

import (
	"reflect"
	"testing"

	"ezvpn/client/status"
	"ezvpn/service/ipc"
)

// shape is what a verb takes and gives; in is nil for a verb without a body. codes are the refusals of its own; see
// commonCodes for those that it shares.
type shape struct {
	in, out reflect.Type
	about   string
	codes   []string
}

// editRefusals are those of every change of one key.
var editRefusals = []string{ipc.NotReady, ipc.ProfileUnknown, ipc.ProfileError, ipc.KeyLocked, ipc.KeyUnknown}

// shapes has an entry for each verb of the table. docs/openapi.json and the fuzz target are made from it.
var shapes = map[string]shape{
	ipc.PathVersion:  {nil, reflect.TypeFor[ipc.Version](), "The handshake.", nil},
	ipc.PathStatus:   {nil, reflect.TypeFor[status.Snapshot](), "One snapshot.", nil},
	ipc.PathWatch:    {nil, reflect.TypeFor[status.Snapshot](), "Snapshots, the present one first, one a line.", nil},
	ipc.PathProfiles: {nil, reflect.TypeFor[ipc.Profiles](), "The profiles there are.", []string{ipc.ProfileError}},
	ipc.PathUp: {reflect.TypeFor[ipc.Up](), reflect.TypeFor[ipc.State](), "Connect.",
		[]string{ipc.Busy, ipc.NotReady, ipc.ProfileUnknown, ipc.ProfileError}},
	ipc.PathDown: {reflect.TypeFor[struct{}](), reflect.TypeFor[ipc.State](), "End the session.",
		[]string{ipc.Busy, ipc.NoSession}},
	ipc.PathAnswer: {reflect.TypeFor[ipc.Answer](), reflect.TypeFor[ipc.State](), "Answer the open prompt, or give up the connect.",
		[]string{ipc.NoPrompt}},
	ipc.PathClear: {reflect.TypeFor[ipc.Clear](), reflect.TypeFor[ipc.Cleared](), "Delete the SAs of the session.", nil},
	ipc.PathDebug: {reflect.TypeFor[ipc.Debug](), reflect.TypeFor[status.DebugLine](), "Debug lines, one a line.", nil},
	ipc.PathKeys: {reflect.TypeFor[ipc.Keys](), reflect.TypeFor[status.Disclosure](), "What decrypts the session, one line each, for a while.",
		[]string{ipc.Busy, ipc.NoSession}},
	ipc.PathLog:      {reflect.TypeFor[ipc.Log](), reflect.TypeFor[ipc.LogLine](), "Lines of the service's log, one a line.", nil},
	ipc.PathLogLevel: {reflect.TypeFor[ipc.LogLevel](), reflect.TypeFor[ipc.LogLevelNow](), "Change what is logged, or ask what is.", nil},

	ipc.PathProfileShow: {reflect.TypeFor[ipc.ProfileName](), reflect.TypeFor[ipc.ProfileShown](), "A profile as it is for the caller.",
		[]string{ipc.ProfileUnknown, ipc.ProfileError}},
	ipc.PathProfileSet: {reflect.TypeFor[ipc.ProfileSet](), reflect.TypeFor[ipc.ProfileChanged](), "Set a key of a profile.", editRefusals},
	ipc.PathProfileUnset: {reflect.TypeFor[ipc.ProfileUnset](), reflect.TypeFor[ipc.ProfileChanged](), "Take a key of a profile out.",
		editRefusals},
	ipc.PathProfilePut: {reflect.TypeFor[ipc.ProfilePut](), reflect.TypeFor[ipc.ProfileChanged](), "Write a profile of the machine.",
		[]string{ipc.NotReady, ipc.ProfileError, ipc.ProfileExists, ipc.KeyLocked}},
	ipc.PathProfileRemove: {reflect.TypeFor[ipc.ProfileName](), reflect.TypeFor[ipc.ProfileChanged](), "Remove a profile of the machine.",
		[]string{ipc.Busy, ipc.NotReady, ipc.ProfileUnknown, ipc.ProfileError, ipc.KeyLocked}},
	ipc.PathProfileSecret: {reflect.TypeFor[ipc.ProfileSecret](), reflect.TypeFor[ipc.ProfileChanged](), "Seal a secret of a profile.",
		editRefusals},
}

func TestEveryVerbHasAShape(t *testing.T) {
	for _, v := range verbs {
		s, ok := shapes[v.path]
		if !ok || s.out == nil || s.about == "" {
			t.Errorf("%s has no shape: say in shapes_test.go what it takes and gives", v.path)
		}
		if (s.in != nil) != (v.method == "POST") {
			t.Errorf("%s %s: a POST has a body, a GET has none", v.method, v.path)
		}
	}
	if len(shapes) != len(verbs) {
		t.Errorf("%d shapes for %d verbs", len(shapes), len(verbs))
	}
}
