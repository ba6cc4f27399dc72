package backup

// DecodeManifest reads the text of a manifest.
func DecodeManifest(data []byte) (Manifest, error) { return decodeManifest(data) }

// EncodeManifest writes the text of a manifest.
func EncodeManifest(m *Manifest) ([]byte, error) { return m.encode() }
