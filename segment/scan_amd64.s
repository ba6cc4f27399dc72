#include "textflag.h"

// The scans compare as many integers as a register holds, unsigned and less the
// lower bound, and store a bit for each. The last, partial register is masked:
// nothing beyond the data is read.

// AHEAD asks for what a scan of the column reads next: chunks that were loaded
// together lie one behind the other. What is not there does no harm.
#define AHEAD PREFETCHT0 2048(SI)

// TAIL sets K1 to the lanes that are left: N of them in CX, LANES in all.
#define TAIL(LANES, LABEL) \
	CMPQ  CX, $LANES  \
	JGE   LABEL       \
	MOVQ  $-1, R9     \
	BZHIQ CX, R9, R9  \
	KMOVQ R9, K1

// func scan8AVX512(out *[4]uint64, data *byte, n int, from, span uint64)
TEXT ·scan8AVX512(SB), NOSPLIT, $0-40
	MOVQ         out+0(FP), DI
	MOVQ         data+8(FP), SI
	MOVQ         n+16(FP), CX
	MOVQ         from+24(FP), AX
	VPBROADCASTB AX, Z10
	MOVQ         span+32(FP), AX
	VPBROADCASTB AX, Z11
	KXNORQ       K1, K1, K1

scan8loop:
	AHEAD
	TAIL(64, scan8full)

scan8full:
	VMOVDQU8.Z (SI), K1, Z0
	VPSUBB     Z10, Z0, Z0
	VPCMPUB    $2, Z11, Z0, K1, K2
	KMOVQ      K2, (DI)
	ADDQ       $64, SI
	ADDQ       $8, DI
	SUBQ       $64, CX
	JGT        scan8loop
	VZEROUPPER
	RET

// func scan16AVX512(out *[4]uint64, data *byte, n int, from, span uint64)
TEXT ·scan16AVX512(SB), NOSPLIT, $0-40
	MOVQ         out+0(FP), DI
	MOVQ         data+8(FP), SI
	MOVQ         n+16(FP), CX
	MOVQ         from+24(FP), AX
	VPBROADCASTW AX, Z10
	MOVQ         span+32(FP), AX
	VPBROADCASTW AX, Z11
	KXNORQ       K1, K1, K1

scan16loop:
	AHEAD
	TAIL(32, scan16full)

scan16full:
	VMOVDQU16.Z (SI), K1, Z0
	VPSUBW      Z10, Z0, Z0
	VPCMPUW     $2, Z11, Z0, K1, K2
	KMOVD       K2, (DI)
	ADDQ        $64, SI
	ADDQ        $4, DI
	SUBQ        $32, CX
	JGT         scan16loop
	VZEROUPPER
	RET

// func scan32AVX512(out *[4]uint64, data *byte, n int, from, span uint64)
TEXT ·scan32AVX512(SB), NOSPLIT, $0-40
	MOVQ         out+0(FP), DI
	MOVQ         data+8(FP), SI
	MOVQ         n+16(FP), CX
	MOVQ         from+24(FP), AX
	VPBROADCASTD AX, Z10
	MOVQ         span+32(FP), AX
	VPBROADCASTD AX, Z11
	KXNORQ       K1, K1, K1

scan32loop:
	AHEAD
	TAIL(16, scan32full)

scan32full:
	VMOVDQU32.Z (SI), K1, Z0
	VPSUBD      Z10, Z0, Z0
	VPCMPUD     $2, Z11, Z0, K1, K2
	KMOVW       K2, (DI)
	ADDQ        $64, SI
	ADDQ        $2, DI
	SUBQ        $16, CX
	JGT         scan32loop
	VZEROUPPER
	RET

// func scan64AVX512(out *[4]uint64, data *byte, n int, from, span uint64)
TEXT ·scan64AVX512(SB), NOSPLIT, $0-40
	MOVQ         out+0(FP), DI
	MOVQ         data+8(FP), SI
	MOVQ         n+16(FP), CX
	VPBROADCASTQ from+24(FP), Z10
	VPBROADCASTQ span+32(FP), Z11
	KXNORQ       K1, K1, K1

scan64loop:
	AHEAD
	TAIL(8, scan64full)

scan64full:
	VMOVDQU64.Z (SI), K1, Z0
	VPSUBQ      Z10, Z0, Z0
	VPCMPUQ     $2, Z11, Z0, K1, K2
	KMOVB       K2, (DI)
	ADDQ        $64, SI
	ADDQ        $1, DI
	SUBQ        $8, CX
	JGT         scan64loop
	VZEROUPPER
	RET

// func depositBMI2(x, mask uint64) uint64
TEXT ·depositBMI2(SB), NOSPLIT, $0-24
	MOVQ  x+0(FP), AX
	MOVQ  mask+8(FP), CX
	PDEPQ CX, AX, AX
	MOVQ  AX, ret+16(FP)
	RET
