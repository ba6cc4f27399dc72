#include "textflag.h"

// The common values of two arrays are counted 16 against 16: every value of the one
// is compared with every value of the other, then whichever ends first goes on.

// COMPARE compares each of 16 values, which lies in two neighbouring lanes of Z0, with
// the 16 at FROM, two at a time, and leaves in AX which lanes have met their equal.
#define COMPARE(FROM) \
	VPBROADCASTD 0(FROM), Z1  \
	VPBROADCASTD 4(FROM), Z2  \
	VPBROADCASTD 8(FROM), Z3  \
	VPBROADCASTD 12(FROM), Z4 \
	VPCMPEQW     Z1, Z0, K1   \
	VPCMPEQW     Z2, Z0, K2   \
	VPCMPEQW     Z3, Z0, K3   \
	VPCMPEQW     Z4, Z0, K4   \
	VPBROADCASTD 16(FROM), Z1 \
	VPBROADCASTD 20(FROM), Z2 \
	VPBROADCASTD 24(FROM), Z3 \
	VPBROADCASTD 28(FROM), Z4 \
	KORD         K1, K2, K1   \
	KORD         K3, K4, K3   \
	VPCMPEQW     Z1, Z0, K5   \
	VPCMPEQW     Z2, Z0, K6   \
	VPCMPEQW     Z3, Z0, K2   \
	VPCMPEQW     Z4, Z0, K4   \
	KORD         K1, K3, K1   \
	KORD         K5, K6, K5   \
	KORD         K2, K4, K2   \
	KORD         K1, K5, K1   \
	KORD         K1, K2, K1   \
	KMOVD        K1, AX

// func meetAVX512(a *uint16, n int, b *uint16, m int) int
TEXT ·meetAVX512(SB), NOSPLIT, $32-40
	MOVQ a+0(FP), SI
	MOVQ n+8(FP), R8
	MOVQ b+16(FP), DI
	MOVQ m+24(FP), R9
	LEAQ (SI)(R8*2), R8 // the ends
	LEAQ (DI)(R9*2), R9
	LEAQ -32(R8), R10   // where the last 16 begin
	LEAQ -32(R9), R11
	XORQ DX, DX

meetLoop:
	CMPQ      SI, R10
	JHI       meetRest
	CMPQ      DI, R11
	JHI       meetRest
	VPMOVZXWD (SI), Z0
	VPSLLD    $16, Z0, Z1
	VPORD     Z0, Z1, Z0
	MOVWLZX   30(SI), R12
	MOVWLZX   30(DI), R13
	XORQ      BX, BX
	XORQ      CX, CX
	COMPARE(DI)
	POPCNTL   AX, AX
	ADDQ      AX, DX
	CMPL      R12, R13
	SETLS     BX
	SETCC     CX
	SHLQ      $5, BX
	SHLQ      $5, CX
	ADDQ      BX, SI
	ADDQ      CX, DI
	JMP       meetLoop

	// Fewer than 16 are left of one: what is missing of b is its last value again,
	// and what is missing of a does not count.
meetRest:
	MOVQ R8, R12
	SUBQ SI, R12
	JLE  meetDone
	MOVQ R9, R13
	SUBQ DI, R13
	JLE  meetDone
	MOVQ $32, AX
	CMPQ R12, AX
	CMOVQGT AX, R12 // bytes of a
	CMPQ R13, AX
	CMOVQGT AX, R13 // and of b
	MOVQ $-1, AX
	BZHIQ R12, AX, CX // two lanes for each value of a
	MOVQ R12, BX
	SHRQ $1, BX
	BZHIQ BX, AX, BX
	KMOVW BX, K1
	MOVQ R13, BX
	SHRQ $1, BX
	BZHIQ BX, AX, BX
	KMOVW BX, K2
	VPMOVZXWD.Z (SI), K1, Z0
	VPSLLD $16, Z0, Z1
	VPORD Z0, Z1, Z0
	VPBROADCASTW -2(DI)(R13*1), Y1
	VMOVDQU16 (DI), K2, Y1
	VMOVDQU Y1, rest-32(SP)
	LEAQ rest-32(SP), BX
	COMPARE(BX)
	ANDQ CX, AX
	MOVQ AX, BX
	SHRQ $1, BX
	ORQ BX, AX
	ANDL $0x55555555, AX
	POPCNTL AX, AX
	ADDQ AX, DX
	MOVWLZX -2(SI)(R12*1), AX
	MOVWLZX -2(DI)(R13*1), BX
	XORQ CX, CX
	CMPL AX, BX
	CMOVQHI CX, R12
	CMOVQCS CX, R13
	ADDQ R12, SI
	ADDQ R13, DI
	JMP meetRest

meetDone:
	VZEROUPPER
	MOVQ DX, ret+32(FP)
	RET
