package profile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// kind is how one key is read, checked and printed. set takes what TOML gave and says why it does not fit; get gives
// it back as TOML has it, nil where it is not set.
type kind struct {
	typ     string // "text", "list of texts", "whole number", "true or false"
	allowed string
	set     func(p *Profile, v any) (why string)
	get     func(p *Profile) any
	bounds  bounds
}

// bounds are the limits of a kind, for the schema: of a number, of the bytes of a text, of the entries of a list, or the
// choices.
type bounds struct {
	min, max int64
	options  []string
}

func choice(field func(*Profile) *string, options []string, later ...string) kind {
	allowed := `"` + strings.Join(options, `", "`) + `"`
	return kind{"text", allowed,
		func(p *Profile, v any) string {
			s, ok := v.(string)
			switch {
			case !ok:
				return wrongType("a text", v)
			case slices.Contains(later, s):
				return quote(s) + " is not available in this version"
			case !slices.Contains(options, s):
				return quote(s) + " is not known"
			}
			*field(p) = s
			return ""
		},
		func(p *Profile) any { return textOrNil(*field(p)) }, bounds{options: options}}
}

// text is one line of at most max bytes; check may ask for more.
func text(field func(*Profile) *string, max int, allowed string, check func(string) string) kind {
	return kind{"text", allowed,
		func(p *Profile, v any) string {
			s, ok := v.(string)
			if !ok {
				return wrongType("a text", v)
			}
			if why := printable(s, max); why != "" {
				return why
			}
			if check != nil {
				if why := check(s); why != "" {
					return why
				}
			}
			*field(p) = s
			return ""
		},
		func(p *Profile) any { return textOrNil(*field(p)) }, bounds{max: int64(max)}}
}

// secret is a text that no error quotes and nothing prints.
func secret(field func(*Profile) *Secret, max int) kind {
	return kind{"text", fmt.Sprintf("1 to %d bytes, no control characters", max),
		func(p *Profile, v any) string {
			s, ok := v.(string)
			if !ok {
				return wrongType("a text", v)
			}
			if why := printable(s, max); why != "" {
				return why
			}
			*field(p) = Secret(s)
			return ""
		},
		func(p *Profile) any {
			if *field(p) == "" {
				return nil
			}
			return field(p).String()
		}, bounds{max: int64(max)}}
}

func boolean(field func(*Profile) *bool) kind {
	return kind{"true or false", "true, false",
		func(p *Profile, v any) string {
			b, ok := v.(bool)
			if !ok {
				return wrongType("true or false", v)
			}
			*field(p) = b
			return ""
		},
		func(p *Profile) any { return *field(p) }, bounds{}}
}

func number[T int | uint16](field func(*Profile) *T, min, max int64) kind {
	return ranged(min, max, "", func(p *Profile, n int64) { *field(p) = T(n) }, func(p *Profile) int64 { return int64(*field(p)) })
}

func seconds(field func(*Profile) *time.Duration, min, max int64) kind {
	return ranged(min, max, " seconds", func(p *Profile, n int64) { *field(p) = time.Duration(n) * time.Second },
		func(p *Profile) int64 { return int64(*field(p) / time.Second) })
}

func ranged(min, max int64, unit string, set func(*Profile, int64), get func(*Profile) int64) kind {
	return kind{"whole number", fmt.Sprintf("%d to %d%s", min, max, unit),
		func(p *Profile, v any) string {
			n, ok := v.(int64)
			switch {
			case !ok:
				return wrongType("a whole number", v)
			case n < min || n > max:
				return strconv.FormatInt(n, 10) + " is out of range"
			}
			set(p, n)
			return ""
		},
		func(p *Profile) any { return get(p) }, bounds{min: min, max: max}}
}

// list is a list of up to max texts, each read by item.
func list[T any](field func(*Profile) *[]T, max int, allowed string, item func(string) (T, error), print func(T) string) kind {
	return kind{"list of texts", allowed,
		func(p *Profile, v any) string {
			in, why := texts(v, max)
			if why != "" {
				return why
			}
			out := make([]T, 0, len(in))
			for i, s := range in {
				x, err := item(s)
				if err != nil {
					return err.Error()
				}
				if slices.Contains(in[:i], s) {
					return quote(s) + " is there twice"
				}
				out = append(out, x)
			}
			*field(p) = out
			return ""
		},
		func(p *Profile) any {
			var out []string
			for _, x := range *field(p) {
				out = append(out, print(x))
			}
			if out == nil {
				return nil
			}
			return out
		}, bounds{max: int64(max)}}
}

// texts reads a list of texts, from TOML or from the defaults.
func texts(v any, max int) (out []string, why string) {
	if s, ok := v.([]string); ok {
		return s, ""
	}
	in, ok := v.([]any)
	switch {
	case !ok:
		return nil, wrongType("a list of texts", v)
	case len(in) == 0:
		return nil, "the list is empty"
	case len(in) > max:
		return nil, fmt.Sprintf("%d entries are more than %d", len(in), max)
	}
	for _, x := range in {
		s, ok := x.(string)
		if !ok {
			return nil, "each entry must be a text in quotes"
		}
		out = append(out, s)
	}
	return out, ""
}

// wrongType names the two types, never the value.
func wrongType(want string, v any) string {
	have := "something else"
	switch v.(type) {
	case string:
		have = "a text"
	case int64:
		have = "a whole number"
	case float64:
		have = "a number with a fraction"
	case bool:
		have = "true or false"
	case []any:
		have = "a list"
	case map[string]any:
		have = "a table"
	}
	return "this is " + have + "; it must be " + want
}

func printable(s string, max int) string {
	switch {
	case s == "":
		return "the text is empty"
	case len(s) > max:
		return fmt.Sprintf("%d bytes are more than %d", len(s), max)
	case strings.ContainsFunc(s, func(r rune) bool { return unicode.In(r, unicode.C, unicode.Zl, unicode.Zp) }):
		return "the text has a control character"
	}
	return ""
}

func textOrNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// quote makes a value of the file fit for an error: one line, in quotes, cut.
func quote(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return strconv.Quote(s)
}
