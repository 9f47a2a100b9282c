package ipc

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
)

// FuzzRead: whatever comes, it is a request that means the same when it is written again, or a refusal that repeats
// nothing of it.
func FuzzRead(f *testing.F) {
	for _, s := range []string{`{"id":"q1","fields":{"password":"s3cret"},"cancel":true}`, `{}`, `null`, `{"id":7}`,
		`{"id":"a","ID":"b"}`, `{"fields":{"a":null}}`, `{"id":"q1"}{}`, `[[[[`, `{"script":"x"}`, "\xff", ""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var a, b Answer
		if e := readBody(body, &a); e != nil {
			if httpStatus[e.Code] == 0 || strings.Contains(e.Error(), "s3cret") {
				t.Fatalf("refused with %v", e)
			}
			return
		}
		again, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		if e := readBody(again, &b); e != nil && len(again) <= MaxBody {
			t.Fatalf("%s: %v", again, e)
		}
		if len(again) <= MaxBody && len(a.Fields) > 0 && !reflect.DeepEqual(a, b) {
			t.Fatalf("%s reads as another request", again)
		}
	})
}

func readBody(body []byte, v any) *Error {
	r := httptest.NewRequest("POST", PathAnswer, bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	return Read(httptest.NewRecorder(), r, v)
}
