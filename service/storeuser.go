package service

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"ezvpn/client/profile"
)

// userGrammar is a numeric user ID or a SID: a name that can be a directory.
var userGrammar = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,127}$`)

// userLayers are what users set for themselves: a directory for each user's ID, which only the daemon writes.
type userLayers struct{ dir string }

// root gives the directory of a user; fs.ErrNotExist where the user has set nothing.
func (u *userLayers) root(user string) (*os.Root, error) {
	if !userGrammar.MatchString(user) {
		return nil, fs.ErrNotExist
	}
	all, err := os.OpenRoot(u.dir)
	if err != nil {
		return nil, err
	}
	defer all.Close()
	return all.OpenRoot(user)
}

func (u *userLayers) has(user, name string) bool {
	root, err := u.root(user)
	if err != nil {
		return false
	}
	defer root.Close()
	_, err = root.Lstat(name + ".toml")
	return err == nil
}

// read gives what a user set for a profile: nothing where that is so.
func (u *userLayers) read(user, name string) (c content, err error) {
	root, err := u.root(user)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return c, fmt.Errorf("what user %s set for %s: %w", user, name, err)
	}
	defer root.Close()
	c, err = readTrusted(root, name+".toml", maxProfile)
	if errors.Is(err, fs.ErrNotExist) {
		return content{}, nil
	}
	if err != nil {
		return c, fmt.Errorf("what user %s set for %s: %w", user, name, err)
	}
	return c, nil
}

// write keeps what a user sets; an empty text is nothing.
func (u *userLayers) write(user, name string, data []byte, old identity) error {
	if !userGrammar.MatchString(user) {
		return fmt.Errorf("user %.80q cannot have settings", user)
	}
	for _, dir := range []string{u.dir, filepath.Join(u.dir, user)} {
		if err := privateDir(dir); err != nil {
			return err
		}
	}
	root, err := u.root(user)
	if err != nil {
		return err
	}
	defer root.Close()
	if len(data) == 0 {
		return erase(root, name+".toml")
	}
	return replace(root, name+".toml", data, old)
}

// withUser is a version with what this user set on top of it.
func (s *store) withUser(name, user string, v *version) (*profile.Effective, error) {
	c, err := s.users.read(user, name)
	if err != nil || len(c.data) == 0 {
		return v.effective, err
	}
	e, err := profile.Compose(name, v.under(name, c.data)...)
	var wrong profile.Errors
	if errors.As(err, &wrong) { // the profile changed since: what the user set is left out, and the rest stays usable
		without := *v.effective
		without.Notes = append(slices.Clone(without.Notes), wrong...)
		return &without, nil
	}
	return e, err
}

// removeAll forgets what all users set for a profile, and says whether there was anything.
func (u *userLayers) removeAll(name string) (any bool, err error) {
	users, err := os.ReadDir(u.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	for _, user := range users {
		if u.has(user.Name(), name) {
			any, err = true, errors.Join(err, u.write(user.Name(), name, nil, identity{}))
		}
	}
	return any, err
}
