package service

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// The keys of a profile that are sealed.
const (
	groupKey      = "group.key"
	xauthPassword = "xauth.password"
)

// maxSealed is bytes of one file of the store.
const maxSealed = 8 << 10

// secretKey names one secret of the store.
type secretKey struct {
	profile string
	key     string // groupKey, xauthPassword
	user    string // numeric ID or SID of whose it is; "" for the machine's
}

// file cannot be that of another secret: neither a profile's name nor a user's ID has an "@".
func (k secretKey) file() string {
	if k.user == "" {
		return k.profile + "@" + k.key
	}
	return k.profile + "@" + k.key + "@" + k.user
}

// sealed is one secret with what it is for. A group key belongs to the profile and the group, a password to the profile
// and the XAUTH user: with another, it is not used. The gateways are not part of it: only administrators write them, and
// one who adds a gateway need not know the key.
type sealed struct {
	For   string    `json:"for"`
	Layer string    `json:"layer,omitempty"` // that it was taken from; "managed" keeps it locked
	Value []byte    `json:"value"`
	Time  time.Time `json:"time"`
}

func (s sealed) Format(f fmt.State, _ rune) { fmt.Fprint(f, "sealed for "+s.For) }

// secrets keeps sealed secrets, one file each, in a directory that only root can use.
type secrets struct {
	dir                string
	protect, unprotect func(b []byte, purpose string) ([]byte, error)
}

func newSecrets(state string) *secrets {
	return &secrets{dir: filepath.Join(state, "secrets"), protect: protect, unprotect: unprotect}
}

var errNoSecret = errors.New("no such secret")

func (s *secrets) root() (*os.Root, error) {
	root, err := os.OpenRoot(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errNoSecret
	}
	if err != nil {
		return nil, fmt.Errorf("the store of the secrets: %w", err)
	}
	d, err := root.Open(".")
	if err == nil {
		err = trustedDir(d)
		d.Close()
	}
	if err != nil {
		root.Close()
		return nil, fmt.Errorf("the store of the secrets, %s: %w", s.dir, err)
	}
	return root, nil
}

// get gives a secret, or errNoSecret.
func (s *secrets) get(k secretKey) (v sealed, err error) {
	root, err := s.root()
	if err != nil {
		return v, err
	}
	defer root.Close()
	c, err := readTrusted(root, k.file(), maxSealed)
	if errors.Is(err, fs.ErrNotExist) {
		return v, errNoSecret
	}
	if err != nil {
		return v, fmt.Errorf("the store of the secrets: %w", err)
	}
	plain, err := s.unprotect(c.data, k.file())
	if err == nil && json.Unmarshal(plain, &v) != nil {
		err = errors.New("it is damaged")
	}
	if err != nil {
		return v, fmt.Errorf("the sealed %s of %s cannot be used: %w; give it again: ezvpn profile secret %s %s",
			k.key, k.profile, err, k.profile, argument(k.key))
	}
	return v, nil
}

// put keeps a secret from now on.
func (s *secrets) put(k secretKey, v sealed) error {
	plain, err := json.Marshal(v)
	if err != nil {
		return err
	}
	b, err := s.protect(plain, k.file())
	if err != nil {
		return err
	}
	if err := privateDir(s.dir); err != nil {
		return fmt.Errorf("making the store of the secrets: %w", err)
	}
	root, err := s.root()
	if err != nil {
		return err
	}
	defer root.Close()
	old := identity{}
	if st, err := root.Lstat(k.file()); err == nil {
		old = identify(st)
	}
	if err := replace(root, k.file(), b, old); err != nil {
		return fmt.Errorf("writing to the store of the secrets: %w", err)
	}
	return nil
}

// remove forgets one secret.
func (s *secrets) remove(k secretKey) error {
	root, err := s.root()
	if errors.Is(err, errNoSecret) {
		return nil
	}
	if err != nil {
		return err
	}
	defer root.Close()
	return erase(root, k.file())
}

// removeAll forgets all secrets of a profile, those of its users too, and says whether there were any.
func (s *secrets) removeAll(name string) (any bool, err error) {
	root, err := s.root()
	if errors.Is(err, errNoSecret) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer root.Close()
	d, err := root.Open(".")
	if err != nil {
		return false, err
	}
	defer d.Close()
	files, err := d.ReadDir(-1)
	for _, f := range files {
		if strings.HasPrefix(f.Name(), name+"@") {
			any, err = true, errors.Join(err, erase(root, f.Name()))
		}
	}
	return any, err
}
