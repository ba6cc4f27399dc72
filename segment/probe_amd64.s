#include "textflag.h"

// hits and filter look 16 values up at a time: the 32-bit word that holds each
// value's bit is gathered and tested.

// func hitsAVX512(values *uint16, n int, w *words) int
TEXT ·hitsAVX512(SB), NOSPLIT, $0-32
	MOVQ         values+0(FP), SI
	MOVQ         n+8(FP), CX
	MOVQ         w+16(FP), DI
	MOVL         $31, AX
	VPBROADCASTD AX, Z10
	MOVL         $1, AX
	VPBROADCASTD AX, Z11
	VPXORQ       Z12, Z12, Z12
	SUBQ         $16, CX
	JLT          hitsRest

hitsLoop:
	VPMOVZXWD  (SI), Z0
	VPSRLD     $5, Z0, Z1
	KXNORW     K1, K1, K1
	VPXORD     Z2, Z2, Z2
	VPGATHERDD (DI)(Z1*4), K1, Z2
	VPANDD     Z0, Z10, Z0
	VPSRLVD    Z0, Z2, Z2
	VPANDD     Z2, Z11, Z2
	VPADDD     Z2, Z12, Z12
	ADDQ       $32, SI
	SUBQ       $16, CX
	JGE        hitsLoop

hitsRest:
	ADDQ  $16, CX
	JZ    hitsDone
	MOVL  $1, AX
	SHLL  CX, AX
	DECL  AX
	KMOVW AX, K1

	VPMOVZXWD.Z (SI), K1, Z0
	VPSRLD      $5, Z0, Z1
	VPXORD      Z2, Z2, Z2
	VPGATHERDD  (DI)(Z1*4), K1, Z2
	VPANDD      Z0, Z10, Z0
	VPSRLVD     Z0, Z2, Z2
	VPANDD      Z2, Z11, Z2
	VPADDD      Z2, Z12, Z12

hitsDone:
	VEXTRACTI64X4 $1, Z12, Y0
	VPADDD        Y0, Y12, Y0
	VEXTRACTI128  $1, Y0, X1
	VPADDD        X0, X1, X0
	VPSHUFD       $0x4e, X0, X1
	VPADDD        X0, X1, X0
	VPSHUFD       $0xb1, X0, X1
	VPADDD        X0, X1, X0
	VMOVD         X0, AX
	VZEROUPPER
	MOVQ          AX, ret+24(FP)
	RET

// func filterAVX512(dst, values *uint16, n int, w *words, flip uint64) int
TEXT ·filterAVX512(SB), NOSPLIT, $0-48
	MOVQ         dst+0(FP), R8
	MOVQ         values+8(FP), SI
	MOVQ         n+16(FP), CX
	MOVQ         w+24(FP), DI
	MOVQ         flip+32(FP), DX
	NEGQ         DX
	KMOVW        DX, K4          // all ones where the bits are to be clear
	MOVL         $31, AX
	VPBROADCASTD AX, Z10
	MOVL         $1, AX
	VPBROADCASTD AX, Z11
	MOVL         $0xffff, R9
	MOVQ         R8, BX
	TESTQ        CX, CX
	JZ           filterDone

filterLoop:
	CMPQ  CX, $16
	JGE   filterFull
	MOVL  $1, R9
	SHLL  CX, R9
	DECL  R9

filterFull:
	KMOVW       R9, K1
	KMOVW       R9, K3
	VPMOVZXWD.Z (SI), K1, Z0
	VPSRLD      $5, Z0, Z1
	VPXORD      Z2, Z2, Z2
	VPGATHERDD  (DI)(Z1*4), K1, Z2
	VPANDD      Z0, Z10, Z3
	VPSLLVD     Z3, Z11, Z3
	VPTESTMD    Z2, Z3, K2
	KXORW       K2, K4, K2
	KANDW       K2, K3, K2
	KMOVW       K2, AX
	POPCNTL     AX, AX
	VPCOMPRESSD Z0, K2, Z4
	VPMOVDW     Z4, Y4
	VMOVDQU     Y4, (BX)
	LEAQ        (BX)(AX*2), BX
	ADDQ        $32, SI
	SUBQ        $16, CX
	JGT         filterLoop

filterDone:
	SUBQ R8, BX
	SHRQ $1, BX
	VZEROUPPER
	MOVQ BX, ret+40(FP)
	RET
