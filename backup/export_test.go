package backup

import "testing"

// Limit lowers the bounds of manifests and of key files for a test.
func Limit(t *testing.T, manifest, keys int) {
	t.Helper()
	m, k := maxManifestBytes, maxKeysBytes
	maxManifestBytes, maxKeysBytes = manifest, keys
	t.Cleanup(func() { maxManifestBytes, maxKeysBytes = m, k })
}

// DecodeManifest reads the text of a manifest.
func DecodeManifest(data []byte) (Manifest, error) { return decodeManifest(data) }

// EncodeManifest writes the text of a manifest.
func EncodeManifest(m *Manifest) ([]byte, error) { return m.encode() }
