package idlist

import (
	"context"
	"io"
	"strconv"
)

// sheetPiece is how many verdicts are allocated at once.
const sheetPiece = 1 << 20

// sheet holds the verdict of each line as a byte. A nil sheet holds none. Several
// goroutines may write at once, each to lines of its own.
type sheet struct {
	pieces [][]byte // of fixed length, so that growing moves nothing that others read
}

func newSheet(maxLines int64) *sheet {
	return &sheet{pieces: make([][]byte, (maxLines+sheetPiece-1)/sheetPiece)}
}

// grow makes room for so many lines in all. Whoever writes to the new ones must
// have been told of them afterwards.
func (s *sheet) grow(lines int64) {
	if s == nil || lines == 0 {
		return
	}
	for i := (lines - 1) / sheetPiece; i >= 0 && s.pieces[i] == nil; i-- {
		s.pieces[i] = make([]byte, sheetPiece)
	}
}

// set notes the verdict of a line, counted from 0.
func (s *sheet) set(line uint32, v Verdict) {
	if s != nil {
		s.pieces[line/sheetPiece][line%sheetPiece] = byte(v)
	}
}

// verdictBuffer is how much is written at once.
const verdictBuffer = 64 << 10

// write writes "line,verdict" for each line.
func (s *sheet) write(ctx context.Context, w io.Writer, lines int64) error {
	buf := make([]byte, 0, verdictBuffer)
	for i := range lines {
		v := Verdict(s.pieces[i/sheetPiece][i%sheetPiece])
		buf = strconv.AppendInt(buf, i+1, 10)
		buf = append(buf, ',')
		buf = append(buf, v.String()...)
		buf = append(buf, '\n')
		if len(buf) < verdictBuffer-64 && i+1 < lines {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if _, err := w.Write(buf); err != nil {
			return err
		}
		buf = buf[:0]
	}
	return nil
}
