package keys

import "encoding/binary"

// The spaces of the ledger of stages.
const (
	StageMove = 'y' // y instant epoch sequence
	StagePath = 'p' // p block instant epoch sequence
)

// StageBlock is how many ordinals share the path records of one block: those of
// which ordinal / StageBlock is the block.
const StageBlock = 64

// AppendStageMove appends the key of one part of the moves between stages that a
// commit made: when, in microseconds, and by which commit.
func AppendStageMove(dst []byte, at int64, epoch uint64, seq uint32) []byte {
	return appendMoment(append(dst, StageMove), at, epoch, seq)
}

// ReadStageMove reads the key of one part of the moves that a commit made.
func ReadStageMove(key []byte) (at int64, epoch uint64, seq uint32, ok bool) {
	if len(key) != 1+8+8+4 || key[0] != StageMove {
		return 0, 0, 0, false
	}
	at, epoch, seq = readMoment(key[1:])
	return at, epoch, seq, true
}

// AppendStagePath appends the key of the moves that a commit made within one block
// of ordinals.
func AppendStagePath(dst []byte, block uint32, at int64, epoch uint64, seq uint32) []byte {
	return appendMoment(AppendStagePaths(dst, block), at, epoch, seq)
}

// AppendStagePaths appends the prefix of all moves within one block of ordinals.
func AppendStagePaths(dst []byte, block uint32) []byte {
	return binary.BigEndian.AppendUint32(append(dst, StagePath), block)
}

// ReadStagePath reads the key of the moves that a commit made within one block.
func ReadStagePath(key []byte) (block uint32, at int64, epoch uint64, seq uint32, ok bool) {
	if len(key) != 1+4+8+8+4 || key[0] != StagePath {
		return 0, 0, 0, 0, false
	}
	at, epoch, seq = readMoment(key[5:])
	return binary.BigEndian.Uint32(key[1:]), at, epoch, seq, true
}

func appendMoment(dst []byte, at int64, epoch uint64, seq uint32) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(at)^1<<63)
	dst = binary.BigEndian.AppendUint64(dst, epoch)
	return binary.BigEndian.AppendUint32(dst, seq)
}

func readMoment(key []byte) (at int64, epoch uint64, seq uint32) {
	return int64(binary.BigEndian.Uint64(key) ^ 1<<63), binary.BigEndian.Uint64(key[8:]), binary.BigEndian.Uint32(key[16:])
}
