package service

import (
	"errors"
	"io/fs"
	"os"

	"ezvpn/client/profile"
)

// unitSecrets are what the unit of the service provides: systemd credentials named PROFILE.group.key and
// PROFILE.xauth.password, systemd.exec(5), and files that its environment names, for every profile that has no other.
type unitSecrets struct {
	credentials string            // directory; "" for none
	files       map[string]string // by key
}

func secretsOfUnit() unitSecrets {
	return unitSecrets{os.Getenv("CREDENTIALS_DIRECTORY"), map[string]string{
		groupKey: os.Getenv("EZVPN_GROUP_KEY_FILE"), xauthPassword: os.Getenv("EZVPN_XAUTH_PASSWORD_FILE")}}
}

// get gives what the unit provides, "" if nothing, and the name of where it is from.
func (u unitSecrets) get(name, key string) (v profile.Secret, from string, err error) {
	if u.credentials != "" {
		v, err := u.credential(name + "." + key)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return v, "credential " + name + "." + key, err
		}
	}
	if file := u.files[key]; file != "" {
		v, err := readSecret(file)
		return v, file, err
	}
	return "", "", nil
}

// credential reads one that systemd put there. Its rights are systemd's: group bits may stand for an access list.
func (u unitSecrets) credential(file string) (profile.Secret, error) {
	root, err := os.OpenRoot(u.credentials)
	if err != nil {
		return "", err
	}
	defer root.Close()
	c, err := readTrusted(root, file, maxKey)
	if err != nil {
		return "", err
	}
	return oneLine(file, c.data)
}
