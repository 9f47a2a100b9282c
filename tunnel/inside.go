package tunnel

import (
	"fmt"

	"golang.zx2c4.com/wireguard/tun"
)

// device is a tun.Device as an Inside.
type device struct {
	tun.Device
	name string
}

// Device makes an Inside of a device of the wireguard module.
func Device(d tun.Device) Inside {
	name, err := d.Name()
	if err != nil {
		name = "tun"
	}
	// Link events are not asked for; the channel must not fill up.
	go func() {
		for range d.Events() {
		}
	}()
	return &device{d, name}
}

func (d *device) ReadBatch(bufs [][]byte, sizes []int, offset int) (int, error) {
	return d.Read(bufs, sizes, offset)
}
func (d *device) WriteBatch(bufs [][]byte, offset int) (int, error) { return d.Write(bufs, offset) }
func (d *device) Name() string                                      { return d.name }

// OpenTUN makes the TUN device. It needs the rights of an administrator.
func OpenTUN(name string, mtu int) (Inside, error) {
	d, err := tun.CreateTUN(tunName(name), mtu)
	if err != nil {
		return nil, fmt.Errorf("opening the TUN device %s: %w", name, err)
	}
	return Device(d), nil
}
