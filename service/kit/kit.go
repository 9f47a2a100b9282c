// Package kit writes the decrypt kit: the two key tables that Wireshark reads, and a capture of the ISAKMP messages in
// clear. Whoever has these files, and captured the traffic, can read it.
package kit

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"ezvpn/client/status"
)

// The files of a kit. The names of the tables are those that Wireshark looks for in a profile's directory.
const (
	ISAKMPTable = "ikev1_decryption_table"
	ESPTable    = "esp_sa"
	Capture     = "ike-clear.pcap"
	ReadMe      = "README.txt"
)

const readMe = `Decrypt kit of ezvpn. Whoever has these files, and captured the traffic of that time, can read it,
the password that the user typed included. Give them to nobody, and remove them when you are done.

ike-clear.pcap            the ISAKMP messages in clear: open it as it is. Passwords are asterisks in it.
ikev1_decryption_table    keys of the ISAKMP SAs, and
esp_sa                    of the IPsec SAs that came up while this was written: for a capture of your own
                          of UDP 500 and 4500. Copy both into a profile of Wireshark (Help, About,
                          Folders, Personal configuration, profiles/NAME), choose it, and switch on in
                          the preferences of ESP: detect and decode encrypted ESP payloads.
`

// Kit is a directory that is being written.
type Kit struct {
	isakmp, esp, capture *os.File

	ISAKMP, ESP, Messages int // lines and messages that were written
}

// Create makes the directory, which only its owner can enter, and its files. A directory that is there must be empty.
func Create(dir string) (*Kit, error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		if !errors.Is(err, os.ErrExist) {
			return nil, err
		}
		if names, err := os.ReadDir(dir); err != nil || len(names) > 0 {
			return nil, fmt.Errorf("%s is there, and not an empty directory", dir)
		}
		if err := os.Chmod(dir, 0o700); err != nil {
			return nil, err
		}
	}
	k := &Kit{}
	for _, f := range []struct {
		name string
		to   **os.File
	}{{ISAKMPTable, &k.isakmp}, {ESPTable, &k.esp}, {Capture, &k.capture}} {
		file, err := os.OpenFile(filepath.Join(dir, f.name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			k.Close()
			return nil, err
		}
		*f.to = file
	}
	err := os.WriteFile(filepath.Join(dir, ReadMe), []byte(readMe), 0o600)
	if err == nil {
		_, err = k.capture.Write(pcapHeader)
	}
	if err != nil {
		k.Close()
		return nil, err
	}
	return k, nil
}

// Add writes one disclosure. What is not known is left out.
func (k *Kit) Add(d status.Disclosure) error {
	var to io.Writer
	var b []byte
	switch d.Kind {
	case status.DisclosedISAKMP:
		to, b = k.isakmp, isakmpLine(d)
		k.ISAKMP++
	case status.DisclosedESP:
		to, b = k.esp, espLine(d)
		k.ESP++
	case status.DisclosedMessage:
		to, b = k.capture, packet(d)
		k.Messages++
	}
	if len(b) == 0 {
		return nil
	}
	_, err := to.Write(b)
	return err
}

// Close ends the files.
func (k *Kit) Close() error {
	var errs []error
	for _, f := range []*os.File{k.isakmp, k.esp, k.capture} {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	return errors.Join(errs...)
}
