package store

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/cockroachdb/pebble/v2"
)

// logger passes Pebble's messages on. Its Fatalf neither exits the process, as
// Pebble's default does, nor only logs: it fails the store.
type logger struct {
	out  *slog.Logger
	fuse *fuse
}

var _ pebble.Logger = (*logger)(nil)

// Infof implements pebble.Logger. What Pebble finds worth a line is detail here.
func (l *logger) Infof(format string, args ...any) { l.log(slog.LevelDebug, format, args) }

// Errorf implements pebble.Logger.
func (l *logger) Errorf(format string, args ...any) { l.log(slog.LevelError, format, args) }

// Fatalf implements pebble.Logger.
func (l *logger) Fatalf(format string, args ...any) {
	l.log(slog.LevelError, format, args)
	l.fuse.blow(fmt.Errorf(format, args...))
}

func (l *logger) log(level slog.Level, format string, args []any) {
	ctx := context.Background()
	if l.out.Enabled(ctx, level) {
		l.out.LogAttrs(ctx, level, fmt.Sprintf(format, args...), slog.String("from", "pebble"))
	}
}
