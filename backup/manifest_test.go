package backup_test

import (
	"strings"
	"testing"

	"github.com/portraitdb/portrait/backup"
)

// TestManifest_too_large: no more is read of a manifest than 64 MiB.
func TestManifest_too_large(t *testing.T) {
	for size, refused := range map[int]bool{64<<20 + 1: true, 100: false} {
		_, err := backup.DecodeManifest(make([]byte, size))
		if err == nil || strings.Contains(err.Error(), "more than 67108864 bytes") != refused {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}
