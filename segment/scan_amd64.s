#include "textflag.h"

// The scans compare integers, unsigned and less the lower bound, and store a bit for each:
// by 64, where they have so many left (by 32 those of eight bytes), for what reads the bits
// reads 64 at once and would wait for smaller stores; then by register, the last, partial
// one of which is masked: nothing beyond the data is read.

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
	SUBQ         $64, CX
	JLT          scan16tail

scan16loop:
	AHEAD
	PREFETCHT0 2112(SI)
	VMOVDQU16  (SI), Z0
	VMOVDQU16  64(SI), Z1
	VPSUBW     Z10, Z0, Z0
	VPSUBW     Z10, Z1, Z1
	VPCMPUW    $2, Z11, Z0, K2
	VPCMPUW    $2, Z11, Z1, K3
	KUNPCKDQ   K2, K3, K2
	KMOVQ      K2, (DI)
	ADDQ       $128, SI
	ADDQ       $8, DI
	SUBQ       $64, CX
	JGE        scan16loop

scan16tail:
	ADDQ $64, CX
	JZ   scan16done

scan16rest:
	TAIL(32, scan16full)

scan16full:
	VMOVDQU16.Z (SI), K1, Z0
	VPSUBW      Z10, Z0, Z0
	VPCMPUW     $2, Z11, Z0, K1, K2
	KMOVD       K2, (DI)
	ADDQ        $64, SI
	ADDQ        $4, DI
	SUBQ        $32, CX
	JGT         scan16rest

scan16done:
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
	SUBQ         $64, CX
	JLT          scan32tail

scan32loop:
	AHEAD
	PREFETCHT0 2112(SI)
	PREFETCHT0 2176(SI)
	PREFETCHT0 2240(SI)
	VMOVDQU32  (SI), Z0
	VMOVDQU32  64(SI), Z1
	VMOVDQU32  128(SI), Z2
	VMOVDQU32  192(SI), Z3
	VPSUBD     Z10, Z0, Z0
	VPSUBD     Z10, Z1, Z1
	VPSUBD     Z10, Z2, Z2
	VPSUBD     Z10, Z3, Z3
	VPCMPUD    $2, Z11, Z0, K2
	VPCMPUD    $2, Z11, Z1, K3
	VPCMPUD    $2, Z11, Z2, K4
	VPCMPUD    $2, Z11, Z3, K5
	KUNPCKWD   K2, K3, K2
	KUNPCKWD   K4, K5, K4
	KUNPCKDQ   K2, K4, K2
	KMOVQ      K2, (DI)
	ADDQ       $256, SI
	ADDQ       $8, DI
	SUBQ       $64, CX
	JGE        scan32loop

scan32tail:
	ADDQ $64, CX
	JZ   scan32done

scan32rest:
	TAIL(16, scan32full)

scan32full:
	VMOVDQU32.Z (SI), K1, Z0
	VPSUBD      Z10, Z0, Z0
	VPCMPUD     $2, Z11, Z0, K1, K2
	KMOVW       K2, (DI)
	ADDQ        $64, SI
	ADDQ        $2, DI
	SUBQ        $16, CX
	JGT         scan32rest

scan32done:
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
	SUBQ         $32, CX
	JLT          scan64tail

scan64loop:
	AHEAD
	PREFETCHT0 2112(SI)
	PREFETCHT0 2176(SI)
	PREFETCHT0 2240(SI)
	VMOVDQU64  (SI), Z0
	VMOVDQU64  64(SI), Z1
	VMOVDQU64  128(SI), Z2
	VMOVDQU64  192(SI), Z3
	VPSUBQ     Z10, Z0, Z0
	VPSUBQ     Z10, Z1, Z1
	VPSUBQ     Z10, Z2, Z2
	VPSUBQ     Z10, Z3, Z3
	VPCMPUQ    $2, Z11, Z0, K2
	VPCMPUQ    $2, Z11, Z1, K3
	VPCMPUQ    $2, Z11, Z2, K4
	VPCMPUQ    $2, Z11, Z3, K5
	KUNPCKBW   K2, K3, K2
	KUNPCKBW   K4, K5, K4
	KUNPCKWD   K2, K4, K2
	KMOVD      K2, (DI)
	ADDQ       $256, SI
	ADDQ       $4, DI
	SUBQ       $32, CX
	JGE        scan64loop

scan64tail:
	ADDQ $32, CX
	JZ   scan64done

scan64rest:
	TAIL(8, scan64full)

scan64full:
	VMOVDQU64.Z (SI), K1, Z0
	VPSUBQ      Z10, Z0, Z0
	VPCMPUQ     $2, Z11, Z0, K1, K2
	KMOVB       K2, (DI)
	ADDQ        $64, SI
	ADDQ        $1, DI
	SUBQ        $8, CX
	JGT         scan64rest

scan64done:
	VZEROUPPER
	RET

// func depositBMI2(x, mask uint64) uint64
TEXT ·depositBMI2(SB), NOSPLIT, $0-24
	MOVQ  x+0(FP), AX
	MOVQ  mask+8(FP), CX
	PDEPQ CX, AX, AX
	MOVQ  AX, ret+16(FP)
	RET
