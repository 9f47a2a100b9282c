package isakmp

import "encoding/binary"

func (SA) Type() PayloadType        { return TypeSA }
func (KE) Type() PayloadType        { return TypeKE }
func (ID) Type() PayloadType        { return TypeID }
func (Cert) Type() PayloadType      { return TypeCert }
func (CertReq) Type() PayloadType   { return TypeCertReq }
func (Hash) Type() PayloadType      { return TypeHash }
func (Signature) Type() PayloadType { return TypeSignature }
func (Nonce) Type() PayloadType     { return TypeNonce }
func (Notify) Type() PayloadType    { return TypeNotify }
func (Delete) Type() PayloadType    { return TypeDelete }
func (Vendor) Type() PayloadType    { return TypeVendor }
func (Config) Type() PayloadType    { return TypeAttribute }
func (p NATD) Type() PayloadType    { return p.Number }
func (p NATOA) Type() PayloadType   { return p.Number }
func (Fragment) Type() PayloadType  { return TypeFragment }
func (p Unknown) Type() PayloadType { return p.Number }

func (p KE) AppendBody(b []byte) []byte        { return append(b, p.Data...) }
func (p Nonce) AppendBody(b []byte) []byte     { return append(b, p.Data...) }
func (p Hash) AppendBody(b []byte) []byte      { return append(b, p.Data...) }
func (p Signature) AppendBody(b []byte) []byte { return append(b, p.Data...) }
func (p Vendor) AppendBody(b []byte) []byte    { return append(b, p.Data...) }
func (p NATD) AppendBody(b []byte) []byte      { return append(b, p.Data...) }
func (p NATOA) AppendBody(b []byte) []byte     { return append(b, p.Data...) }
func (p Unknown) AppendBody(b []byte) []byte   { return append(b, p.Data...) }

func (p Cert) AppendBody(b []byte) []byte {
	return append(append(b, p.Encoding), p.Data...)
}

func (p CertReq) AppendBody(b []byte) []byte {
	return append(append(b, p.Encoding), p.Data...)
}

func (p ID) AppendBody(b []byte) []byte {
	b = append(b, p.Kind, p.Protocol)
	b = binary.BigEndian.AppendUint16(b, p.Port)
	return append(b, p.Data...)
}

// AppendBody writes at most 255 bytes of SPI, the most that the size field can say.
func (p Notify) AppendBody(b []byte) []byte {
	spi := p.SPI[:min(len(p.SPI), 255)]
	b = binary.BigEndian.AppendUint32(b, p.DOI)
	b = append(b, p.Protocol, uint8(len(spi)))
	b = binary.BigEndian.AppendUint16(b, p.Kind)
	b = append(b, spi...)
	return append(b, p.Data...)
}

func (p Delete) AppendBody(b []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, p.DOI)
	b = append(b, p.Protocol, p.SPISize)
	b = binary.BigEndian.AppendUint16(b, uint16(len(p.SPIs)))
	for _, spi := range p.SPIs {
		b = append(b, spi...)
	}
	return b
}

func (p Config) AppendBody(b []byte) []byte {
	b = append(b, p.Kind, p.Reserved)
	b = binary.BigEndian.AppendUint16(b, p.Identifier)
	return AppendAttributes(b, p.Attributes...)
}

func (p Fragment) AppendBody(b []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, p.ID)
	b = append(b, p.Number, p.Flags)
	return append(b, p.Data...)
}
