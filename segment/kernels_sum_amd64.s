#include "textflag.h"

// The sums and extremes load as many integers as a register holds, those alone
// whose bits are set in the mask. Lanes that are masked off are never read, so
// the last load may reach beyond the data.

// AHEAD asks for what a scan of the column reads next: chunks that were loaded
// together lie one behind the other. What is not there does no harm.
#define AHEAD PREFETCHT0 2048(SI)

// REDUCE adds the eight quadwords of Z (whose halves are Y and X, of the same
// number) to one in OUT; TY and TX are scratch.
#define REDUCE(Z, Y, X, TY, TX, OUT) \
	VEXTRACTI64X4 $1, Z, TY  \
	VPADDQ        TY, Y, Y   \
	VEXTRACTI128  $1, Y, TX  \
	VPADDQ        TX, X, X   \
	VPSRLDQ       $8, X, TX  \
	VPADDQ        TX, X, X   \
	VMOVQ         X, OUT

// func sum8AVX512(data *byte, n int, mask *[4]uint64) uint64
TEXT ·sum8AVX512(SB), NOSPLIT, $0-32
	MOVQ   data+0(FP), SI
	MOVQ   n+8(FP), CX
	MOVQ   mask+16(FP), DI
	VPXORQ Z4, Z4, Z4
	VPXORQ Z5, Z5, Z5

sum8loop:
	AHEAD
	KMOVQ      (DI), K1
	VMOVDQU8.Z (SI), K1, Z0
	VPSADBW    Z5, Z0, Z0
	VPADDQ     Z0, Z4, Z4
	ADDQ       $64, SI
	ADDQ       $8, DI
	SUBQ       $64, CX
	JGT        sum8loop
	REDUCE(Z4, Y4, X4, Y1, X1, AX)
	VZEROUPPER
	MOVQ       AX, ret+24(FP)
	RET

// func sum16AVX512(data *byte, n int, mask *[4]uint64) uint64
TEXT ·sum16AVX512(SB), NOSPLIT, $0-32
	MOVQ         data+0(FP), SI
	MOVQ         n+8(FP), CX
	MOVQ         mask+16(FP), DI
	MOVL         $0xffff, AX
	VPBROADCASTD AX, Z10
	MOVL         $-1, AX
	VPBROADCASTQ AX, Z11
	VPXORQ       Z4, Z4, Z4
	VPXORQ       Z5, Z5, Z5

sum16loop:
	AHEAD
	KMOVD       (DI), K1
	VMOVDQU16.Z (SI), K1, Z0
	VPANDD      Z10, Z0, Z1
	VPSRLD      $16, Z0, Z0
	VPADDD      Z1, Z4, Z4
	VPADDD      Z0, Z5, Z5
	ADDQ        $64, SI
	ADDQ        $4, DI
	SUBQ        $32, CX
	JGT         sum16loop

	// 256 integers of 16 bits sum to less than 2^24: no lane has overflowed.
	VPADDD Z5, Z4, Z4
	VPSRLQ $32, Z4, Z5
	VPANDQ Z11, Z4, Z4
	VPADDQ Z5, Z4, Z4
	REDUCE(Z4, Y4, X4, Y1, X1, AX)
	VZEROUPPER
	MOVQ   AX, ret+24(FP)
	RET

// func sum32AVX512(data *byte, n int, mask *[4]uint64) uint64
TEXT ·sum32AVX512(SB), NOSPLIT, $0-32
	MOVQ         data+0(FP), SI
	MOVQ         n+8(FP), CX
	MOVQ         mask+16(FP), DI
	MOVL         $-1, AX
	VPBROADCASTQ AX, Z11
	VPXORQ       Z4, Z4, Z4
	VPXORQ       Z5, Z5, Z5

sum32loop:
	AHEAD
	PREFETCHT0 2112(SI)
	KMOVW       (DI), K1
	KMOVW       2(DI), K2
	VMOVDQU32.Z (SI), K1, Z0
	CMPQ        CX, $16
	JLE         sum32last
	VMOVDQU32.Z 64(SI), K2, Z1
	VPANDQ      Z11, Z0, Z2
	VPSRLQ      $32, Z0, Z0
	VPANDQ      Z11, Z1, Z3
	VPSRLQ      $32, Z1, Z1
	VPADDQ      Z2, Z4, Z4
	VPADDQ      Z0, Z5, Z5
	VPADDQ      Z3, Z4, Z4
	VPADDQ      Z1, Z5, Z5
	ADDQ        $128, SI
	ADDQ        $4, DI
	SUBQ        $32, CX
	JGT         sum32loop
	JMP         sum32done

sum32last:
	VPANDQ Z11, Z0, Z2
	VPSRLQ $32, Z0, Z0
	VPADDQ Z2, Z4, Z4
	VPADDQ Z0, Z5, Z5

sum32done:
	VPADDQ Z5, Z4, Z4
	REDUCE(Z4, Y4, X4, Y1, X1, AX)
	VZEROUPPER
	MOVQ   AX, ret+24(FP)
	RET

// func sum64AVX512(data *byte, n int, mask *[4]uint64) (hi, lo uint64)
TEXT ·sum64AVX512(SB), NOSPLIT, $0-40
	MOVQ         data+0(FP), SI
	MOVQ         n+8(FP), CX
	MOVQ         mask+16(FP), DI
	MOVL         $-1, AX
	VPBROADCASTQ AX, Z11
	VPXORQ       Z4, Z4, Z4
	VPXORQ       Z5, Z5, Z5

sum64loop:
	AHEAD
	KMOVB       (DI), K1
	VMOVDQU64.Z (SI), K1, Z0
	VPANDQ      Z11, Z0, Z1
	VPSRLQ      $32, Z0, Z0
	VPADDQ      Z1, Z4, Z4
	VPADDQ      Z0, Z5, Z5
	ADDQ        $64, SI
	ADDQ        $1, DI
	SUBQ        $8, CX
	JGT         sum64loop
	REDUCE(Z4, Y4, X4, Y1, X1, AX)
	REDUCE(Z5, Y5, X5, Y1, X1, BX)
	VZEROUPPER
	MOVQ        BX, hi+24(FP)
	MOVQ        AX, lo+32(FP)
	RET

// EXTREMES is the body of the four kernels below, which differ by what they take
// from the mask and how they compare: STEP integers a register, MASKSTEP bytes of
// the mask.
#define EXTREMES(KMOV, VMIN, VMAX, STEP, MASKSTEP, LOOP) \
	VPTERNLOGD $0xff, Z4, Z4, Z4  \
	VPXORQ    Z5, Z5, Z5          \
LOOP:                             \
	KMOV      (DI), K1            \
	VMIN      (SI), Z4, K1, Z4    \
	VMAX      (SI), Z5, K1, Z5    \
	ADDQ      $64, SI             \
	ADDQ      $MASKSTEP, DI       \
	SUBQ      $STEP, CX           \
	JGT       LOOP                \
	VMOVDQU64 Z4, (R8)            \
	VMOVDQU64 Z5, 64(R8)          \
	VZEROUPPER                    \
	RET

// func extremes8AVX512(lanes *[128]byte, data *byte, n int, mask *[4]uint64)
TEXT ·extremes8AVX512(SB), NOSPLIT, $0-32
	MOVQ lanes+0(FP), R8
	MOVQ data+8(FP), SI
	MOVQ n+16(FP), CX
	MOVQ mask+24(FP), DI
	EXTREMES(KMOVQ, VPMINUB, VPMAXUB, 64, 8, extremes8loop)

// func extremes16AVX512(lanes *[128]byte, data *byte, n int, mask *[4]uint64)
TEXT ·extremes16AVX512(SB), NOSPLIT, $0-32
	MOVQ lanes+0(FP), R8
	MOVQ data+8(FP), SI
	MOVQ n+16(FP), CX
	MOVQ mask+24(FP), DI
	EXTREMES(KMOVD, VPMINUW, VPMAXUW, 32, 4, extremes16loop)

// func extremes32AVX512(lanes *[128]byte, data *byte, n int, mask *[4]uint64)
TEXT ·extremes32AVX512(SB), NOSPLIT, $0-32
	MOVQ lanes+0(FP), R8
	MOVQ data+8(FP), SI
	MOVQ n+16(FP), CX
	MOVQ mask+24(FP), DI
	EXTREMES(KMOVW, VPMINUD, VPMAXUD, 16, 2, extremes32loop)

// func extremes64AVX512(lanes *[128]byte, data *byte, n int, mask *[4]uint64)
TEXT ·extremes64AVX512(SB), NOSPLIT, $0-32
	MOVQ lanes+0(FP), R8
	MOVQ data+8(FP), SI
	MOVQ n+16(FP), CX
	MOVQ mask+24(FP), DI
	EXTREMES(KMOVB, VPMINUQ, VPMAXUQ, 8, 1, extremes64loop)

// func extractBMI2(x, mask uint64) uint64
TEXT ·extractBMI2(SB), NOSPLIT, $0-24
	MOVQ  x+0(FP), AX
	MOVQ  mask+8(FP), CX
	PEXTQ CX, AX, AX
	MOVQ  AX, ret+16(FP)
	RET
