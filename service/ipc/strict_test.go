package ipc

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
)

// inner and outer are shapes that requests may have.
type inner struct {
	A string    `json:"a"`
	T time.Time `json:"t"`
}

type outer struct {
	ID   string            `json:"id"`
	Map  map[string]string `json:"map,omitempty"`
	List []inner           `json:"list,omitempty"`
	One  *inner            `json:"one,omitempty"`
	Any  json.RawMessage   `json:"any,omitempty"`
	Left int               `json:"-"`
	N    int               `json:"n,omitempty"`
}

// TestStrict: what RFC 8259 leaves open ("names SHOULD be unique"), and what encoding/json forgives, is refused.
func TestStrict(t *testing.T) {
	nest := func(n int) string { return strings.Repeat(`[`, n) + strings.Repeat(`]`, n) }
	for body, want := range map[string]error{
		`{"id":"a"}`:                     nil,
		` {"id":"\ud83d\ude00\\ud800"} `: nil,
		`{"map":{"a":"1","A":"2"}}`:      nil,
		`{"list":[{"a":"1"},{"a":"2"}]}`: nil,
		`{"one":{"a":"1","t":"x"}}`:      nil, // the type is for the decoder
		`{"n":1e400}`:                    nil, // so is the range
		`{"any":` + nest(31) + `}`:       nil,
		`{"any":` + nest(32) + `}`:       errDeep,
		`{"any":` + nest(10000) + `}`:    errDeep,
		`{"any":` + strings.Repeat(`{"a":`, 10000) + `1` + strings.Repeat(`}`, 10000) + `}`: errDeep,
		strings.Repeat(`[`, 60000):     errObject,
		`null`:                         errObject,
		`"id"`:                         errObject,
		`7`:                            errObject,
		``:                             errBrokenOff,
		`{`:                            errBrokenOff,
		`{"id"}`:                       errBrokenOff,
		`{"id":}`:                      errBrokenOff,
		`{"id":"a",}`:                  errBrokenOff,
		`{"id":NaN}`:                   errBrokenOff,
		`{"id":Infinity}`:              errBrokenOff,
		`{"n":01}`:                     errBrokenOff,
		`{"id":'a'}`:                   errBrokenOff,
		`{"id":"a"}{}`:                 errMore,
		`{"id":"a"}]`:                  errMore,
		`{"id":"a","id":"b"}`:          errTwice,
		`{"id":"a","\u0069d":"b"}`:     errTwice,
		`{"map":{"a":"1","a":"1"}}`:    errTwice,
		`{"any":{"a":1,"a":2}}`:        errTwice,
		`{"list":[{"a":"1","a":"2"}]}`: errTwice,
		`{"ID":"a"}`:                   errUnknown,
		`{"Left":1}`:                   errUnknown,
		`{"left":1}`:                   errUnknown,
		`{"-":1}`:                      errUnknown,
		`{"one":{"b":1}}`:              errUnknown,
		`{"list":[{"b":1}]}`:           errUnknown,
		"{\"id\":\"\xff\"}":            errUTF8,
		`{"id":"\ud800"}`:              errUTF8,
		`{"id":"\uDFFF"}`:              errUTF8,
		`{"id":"\ud800\u0041"}`:        errUTF8,
		`{"id":"\ud800x"}`:             errUTF8,
		`{"id":"\ud83d\ud83d\ude00"}`:  errUTF8,
	} {
		if got := strict([]byte(body), reflect.TypeFor[outer]()); got != want {
			t.Errorf("%.60s: %v, want %v", body, got, want)
		}
	}
}
