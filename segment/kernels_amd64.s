#include "textflag.h"

// The operands of andWords and orWords are taken 256 bytes at a time: for each
// such strip of the block all operands are combined in registers.

// func andAVX512(dst *words, ops **words, pos, n int) int
TEXT ·andAVX512(SB), NOSPLIT, $0-40
	MOVQ  dst+0(FP), DI
	MOVQ  ops+8(FP), SI
	MOVQ  pos+16(FP), CX
	MOVQ  n+24(FP), DX
	VPXORQ Z16, Z16, Z16
	VPXORQ Z17, Z17, Z17
	XORQ  BX, BX

and512strip:
	MOVQ      (SI), R10
	VMOVDQU64 (R10)(BX*1), Z0
	VMOVDQU64 64(R10)(BX*1), Z1
	VMOVDQU64 128(R10)(BX*1), Z2
	VMOVDQU64 192(R10)(BX*1), Z3
	MOVQ      $1, R9
	JMP       and512pos

and512with:
	MOVQ   (SI)(R9*8), R10
	VPANDQ (R10)(BX*1), Z0, Z0
	VPANDQ 64(R10)(BX*1), Z1, Z1
	VPANDQ 128(R10)(BX*1), Z2, Z2
	VPANDQ 192(R10)(BX*1), Z3, Z3
	INCQ   R9

and512pos:
	CMPQ R9, CX
	JLT  and512with
	JMP  and512neg

and512without:
	MOVQ      (SI)(R9*8), R10
	VMOVDQU64 (R10)(BX*1), Z4
	VMOVDQU64 64(R10)(BX*1), Z5
	VMOVDQU64 128(R10)(BX*1), Z6
	VMOVDQU64 192(R10)(BX*1), Z7
	VPANDNQ   Z0, Z4, Z0
	VPANDNQ   Z1, Z5, Z1
	VPANDNQ   Z2, Z6, Z2
	VPANDNQ   Z3, Z7, Z3
	INCQ      R9

and512neg:
	CMPQ R9, DX
	JLT  and512without

	TESTQ     DI, DI
	JZ        and512count
	VMOVDQU64 Z0, (DI)(BX*1)
	VMOVDQU64 Z1, 64(DI)(BX*1)
	VMOVDQU64 Z2, 128(DI)(BX*1)
	VMOVDQU64 Z3, 192(DI)(BX*1)

and512count:
	VPOPCNTQ Z0, Z0
	VPOPCNTQ Z1, Z1
	VPOPCNTQ Z2, Z2
	VPOPCNTQ Z3, Z3
	VPADDQ   Z0, Z1, Z0
	VPADDQ   Z2, Z3, Z2
	VPADDQ   Z0, Z16, Z16
	VPADDQ   Z2, Z17, Z17
	ADDQ     $256, BX
	CMPQ     BX, $8192
	JLT      and512strip

	VPADDQ        Z16, Z17, Z16
	VEXTRACTI64X4 $1, Z16, Y0
	VPADDQ        Y0, Y16, Y0
	VEXTRACTI128  $1, Y0, X1
	VPADDQ        X0, X1, X0
	VPSRLDQ       $8, X0, X1
	VPADDQ        X0, X1, X0
	VMOVQ         X0, AX
	VZEROUPPER
	MOVQ          AX, ret+32(FP)
	RET

// func orAVX512(dst *words, ops **words, n int) int
TEXT ·orAVX512(SB), NOSPLIT, $0-32
	MOVQ   dst+0(FP), DI
	MOVQ   ops+8(FP), SI
	MOVQ   n+16(FP), DX
	VPXORQ Z16, Z16, Z16
	VPXORQ Z17, Z17, Z17
	XORQ   BX, BX

or512strip:
	MOVQ      (SI), R10
	VMOVDQU64 (R10)(BX*1), Z0
	VMOVDQU64 64(R10)(BX*1), Z1
	VMOVDQU64 128(R10)(BX*1), Z2
	VMOVDQU64 192(R10)(BX*1), Z3
	MOVQ      $1, R9
	JMP       or512more

or512with:
	MOVQ  (SI)(R9*8), R10
	VPORQ (R10)(BX*1), Z0, Z0
	VPORQ 64(R10)(BX*1), Z1, Z1
	VPORQ 128(R10)(BX*1), Z2, Z2
	VPORQ 192(R10)(BX*1), Z3, Z3
	INCQ  R9

or512more:
	CMPQ R9, DX
	JLT  or512with

	TESTQ     DI, DI
	JZ        or512count
	VMOVDQU64 Z0, (DI)(BX*1)
	VMOVDQU64 Z1, 64(DI)(BX*1)
	VMOVDQU64 Z2, 128(DI)(BX*1)
	VMOVDQU64 Z3, 192(DI)(BX*1)

or512count:
	VPOPCNTQ Z0, Z0
	VPOPCNTQ Z1, Z1
	VPOPCNTQ Z2, Z2
	VPOPCNTQ Z3, Z3
	VPADDQ   Z0, Z1, Z0
	VPADDQ   Z2, Z3, Z2
	VPADDQ   Z0, Z16, Z16
	VPADDQ   Z2, Z17, Z17
	ADDQ     $256, BX
	CMPQ     BX, $8192
	JLT      or512strip

	VPADDQ        Z16, Z17, Z16
	VEXTRACTI64X4 $1, Z16, Y0
	VPADDQ        Y0, Y16, Y0
	VEXTRACTI128  $1, Y0, X1
	VPADDQ        X0, X1, X0
	VPSRLDQ       $8, X0, X1
	VPADDQ        X0, X1, X0
	VMOVQ         X0, AX
	VZEROUPPER
	MOVQ          AX, ret+24(FP)
	RET

// Counting in AVX2: bits per byte by a table of nibbles, then bytes summed to
// four counters.
DATA nibbles<>+0(SB)/8, $0x0302020102010100
DATA nibbles<>+8(SB)/8, $0x0403030203020201
DATA nibbles<>+16(SB)/8, $0x0302020102010100
DATA nibbles<>+24(SB)/8, $0x0403030203020201
GLOBL nibbles<>(SB), RODATA|NOPTR, $32

DATA lowNibble<>+0(SB)/8, $0x0f0f0f0f0f0f0f0f
GLOBL lowNibble<>(SB), RODATA|NOPTR, $8

// COUNT2 adds the bits of A and B, which it destroys, to Y15.
#define COUNT2(A, B) \
	VPSRLW  $4, A, Y8       \
	VPSRLW  $4, B, Y9       \
	VPAND   A, Y13, A       \
	VPAND   B, Y13, B       \
	VPAND   Y8, Y13, Y8     \
	VPAND   Y9, Y13, Y9     \
	VPSHUFB A, Y12, A       \
	VPSHUFB B, Y12, B       \
	VPSHUFB Y8, Y12, Y8     \
	VPSHUFB Y9, Y12, Y9     \
	VPADDB  A, Y8, A        \
	VPADDB  B, Y9, B        \
	VPADDB  A, B, A         \
	VPSADBW A, Y14, A       \
	VPADDQ  A, Y15, Y15

// func andAVX2(dst *words, ops **words, pos, n int) int
TEXT ·andAVX2(SB), NOSPLIT, $0-40
	MOVQ         dst+0(FP), DI
	MOVQ         ops+8(FP), SI
	MOVQ         pos+16(FP), CX
	MOVQ         n+24(FP), DX
	VMOVDQU      nibbles<>(SB), Y12
	VPBROADCASTQ lowNibble<>(SB), Y13
	VPXOR        Y14, Y14, Y14
	VPXOR        Y15, Y15, Y15
	XORQ         BX, BX

and2strip:
	MOVQ    (SI), R10
	VMOVDQU (R10)(BX*1), Y0
	VMOVDQU 32(R10)(BX*1), Y1
	VMOVDQU 64(R10)(BX*1), Y2
	VMOVDQU 96(R10)(BX*1), Y3
	MOVQ    $1, R9
	JMP     and2pos

and2with:
	MOVQ  (SI)(R9*8), R10
	VPAND (R10)(BX*1), Y0, Y0
	VPAND 32(R10)(BX*1), Y1, Y1
	VPAND 64(R10)(BX*1), Y2, Y2
	VPAND 96(R10)(BX*1), Y3, Y3
	INCQ  R9

and2pos:
	CMPQ R9, CX
	JLT  and2with
	JMP  and2neg

and2without:
	MOVQ    (SI)(R9*8), R10
	VMOVDQU (R10)(BX*1), Y4
	VMOVDQU 32(R10)(BX*1), Y5
	VMOVDQU 64(R10)(BX*1), Y6
	VMOVDQU 96(R10)(BX*1), Y7
	VPANDN  Y0, Y4, Y0
	VPANDN  Y1, Y5, Y1
	VPANDN  Y2, Y6, Y2
	VPANDN  Y3, Y7, Y3
	INCQ    R9

and2neg:
	CMPQ R9, DX
	JLT  and2without

	TESTQ   DI, DI
	JZ      and2count
	VMOVDQU Y0, (DI)(BX*1)
	VMOVDQU Y1, 32(DI)(BX*1)
	VMOVDQU Y2, 64(DI)(BX*1)
	VMOVDQU Y3, 96(DI)(BX*1)

and2count:
	COUNT2(Y0, Y1)
	COUNT2(Y2, Y3)
	ADDQ $128, BX
	CMPQ BX, $8192
	JLT  and2strip

	VEXTRACTI128 $1, Y15, X1
	VPADDQ       X15, X1, X0
	VPSRLDQ      $8, X0, X1
	VPADDQ       X0, X1, X0
	VMOVQ        X0, AX
	VZEROUPPER
	MOVQ         AX, ret+32(FP)
	RET

// func orAVX2(dst *words, ops **words, n int) int
TEXT ·orAVX2(SB), NOSPLIT, $0-32
	MOVQ         dst+0(FP), DI
	MOVQ         ops+8(FP), SI
	MOVQ         n+16(FP), DX
	VMOVDQU      nibbles<>(SB), Y12
	VPBROADCASTQ lowNibble<>(SB), Y13
	VPXOR        Y14, Y14, Y14
	VPXOR        Y15, Y15, Y15
	XORQ         BX, BX

or2strip:
	MOVQ    (SI), R10
	VMOVDQU (R10)(BX*1), Y0
	VMOVDQU 32(R10)(BX*1), Y1
	VMOVDQU 64(R10)(BX*1), Y2
	VMOVDQU 96(R10)(BX*1), Y3
	MOVQ    $1, R9
	JMP     or2more

or2with:
	MOVQ (SI)(R9*8), R10
	VPOR (R10)(BX*1), Y0, Y0
	VPOR 32(R10)(BX*1), Y1, Y1
	VPOR 64(R10)(BX*1), Y2, Y2
	VPOR 96(R10)(BX*1), Y3, Y3
	INCQ R9

or2more:
	CMPQ R9, DX
	JLT  or2with

	TESTQ   DI, DI
	JZ      or2count
	VMOVDQU Y0, (DI)(BX*1)
	VMOVDQU Y1, 32(DI)(BX*1)
	VMOVDQU Y2, 64(DI)(BX*1)
	VMOVDQU Y3, 96(DI)(BX*1)

or2count:
	COUNT2(Y0, Y1)
	COUNT2(Y2, Y3)
	ADDQ $128, BX
	CMPQ BX, $8192
	JLT  or2strip

	VEXTRACTI128 $1, Y15, X1
	VPADDQ       X15, X1, X0
	VPSRLDQ      $8, X0, X1
	VPADDQ       X0, X1, X0
	VMOVQ        X0, AX
	VZEROUPPER
	MOVQ         AX, ret+24(FP)
	RET

// func prefetchLines(ops **words, n, bytes int)
TEXT ·prefetchLines(SB), NOSPLIT, $0-24
	MOVQ ops+0(FP), SI
	MOVQ n+8(FP), CX
	MOVQ bytes+16(FP), DX

prefetchBlock:
	MOVQ  (SI), R10
	XORQ  BX, BX
	TESTQ R10, R10
	JZ    prefetchNext

prefetchLine:
	PREFETCHT0 (R10)(BX*1)
	ADDQ       $64, BX
	CMPQ       BX, DX
	JLT        prefetchLine

prefetchNext:
	ADDQ $8, SI
	DECQ CX
	JNZ  prefetchBlock
	RET
