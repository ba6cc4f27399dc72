package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
)

// Pruned tells what a Prune removed.
type Pruned struct {
	Backups, Objects int
	// Bytes is the length of the objects.
	Bytes int64
}

// Prune removes all backups but those of the given IDs, of which there must be one, and
// the objects and key files that none of them needs: those of backups that were broken off too. Call it
// while no backup is made into the target; one that is made nevertheless fails or is whole.
// It may be called again after an error.
func Prune(ctx context.Context, target Target, keep ...string) (Pruned, error) {
	var done Pruned
	if target == nil {
		return done, errNoTarget
	}
	if len(keep) == 0 {
		return done, errors.New("backup: prune: name the backups to keep")
	}
	needed, keys := map[string]bool{}, map[string]bool{}
	for _, id := range keep {
		m, err := readManifest(target, id)
		if err != nil {
			return done, err
		}
		keys[m.Keys] = true
		for _, f := range m.Files {
			needed[f.SHA256] = true
		}
	}
	entries, err := folder(target, manifestsDir)
	if err != nil {
		return done, fmt.Errorf("backup: %w", err)
	}
	for _, e := range entries {
		if slices.Contains(keep, e.Name()) {
			continue
		}
		if err := errors.Join(context.Cause(ctx), remove(target, manifestName(e.Name()))); err != nil {
			return done, err
		}
		done.Backups++
	}
	if entries, err = folder(target, objectsDir); err != nil {
		return done, fmt.Errorf("backup: %w", err)
	}
	for _, e := range entries {
		if needed[e.Name()] {
			continue
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err = errors.Join(err, context.Cause(ctx), remove(target, objectName(e.Name()))); err != nil {
			return done, err
		}
		done.Objects++
		done.Bytes += info.Size()
	}
	if entries, err = folder(target, keysDir); err != nil {
		return done, fmt.Errorf("backup: %w", err)
	}
	for _, e := range entries {
		if keys[e.Name()] {
			continue
		}
		if err := errors.Join(context.Cause(ctx), remove(target, keysName(e.Name()))); err != nil {
			return done, err
		}
	}
	return done, nil
}
