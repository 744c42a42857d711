&[
    &[
        "|1:Input@ax3x8x8+Conv k3 p1@ax4x8x8+BatchNormalization+Relu+GlobalAveragePool@ax4x1x1+Flatten@ax4+Gemm transB=1 b@ax10",
        "|1:Input@ax3x8x8+Conv k3 p1@ax4x8x8+BatchNormalization+Relu+GlobalAveragePool@ax4x1x1+Flatten@ax4+Gemm transB=1 b@ax10",
        "|1:Input@ax3x8x8:f16+Conv k3 p1 w4x3x3x3:f16 w4:f16@ax4x8x8:f16+Relu+GlobalAveragePool@ax4x1x1:f16+Flatten@ax4:f16+Gemm transB=1 w10x4:f16 w10:f16@ax10:f16",
        "|1:Input@ax3x8x8+Cast to=16@ax3x8x8:bf16+Conv k3 p1 w4x3x3x3:bf16 w4:bf16@ax4x8x8:bf16+Relu+GlobalAveragePool@ax4x1x1:bf16+Flatten@ax4:bf16+Gemm transB=1 w10x4:bf16 w10:bf16@ax10:bf16+Cast to=1@ax10",
        "|1:DequantizeLinear w4x3x3x3:i8 c0.02@4x3x3x3|2:Input@ax3x8x8+QuantizeLinear c0.1 c0:u8@ax3x8x8:u8+DequantizeLinear c0.1 c0:u8@ax3x8x8|3<2<1:Conv k3 p1 ~ w4@ax4x8x8|4<3:Relu+QuantizeLinear c0.1 c0:u8@ax4x8x8:u8+DequantizeLinear c0.1 c0:u8@ax4x8x8+GlobalAveragePool@ax4x1x1+Flatten@ax4|5:DequantizeLinear w10x4:i8 c0.02@10x4|6<4<5:Gemm transB=1 ~ w10@ax10",
        "|1:Input@ax3x8x8+QuantizeLinear c0.1 c0:u8@ax3x8x8:u8+QLinearConv k3 p1 c0.1 c0:u8 w4x3x3x3:i8 c0.02 c0:i8 c0.1 c0:u8 c[1,2,3,4]:i32@ax4x8x8:u8+Relu+com.microsoft.QLinearGlobalAveragePool channels_last=0 c0.1 c0:u8 c0.1 c0:u8@ax4x1x1:u8+Flatten@ax4:u8+com.microsoft.QGemm transB=1 c0.1 c0:u8 w10x4:i8 c0.02 c0:i8 w10:i32 c0.1 c0:u8@ax10:u8+DequantizeLinear c0.1 c0:u8@ax10",
    ],
    &[
        "|1:Input@ax9x8+MatMul@ax9x3+Add w3",
        "|1:Input@ax9x8+DynamicQuantizeLinear@ax9x8:u8/./.:u8|2<1.1:Mul c0.02|3<1<1.2:MatMulInteger w8x3:i8 ~ c0:i8@ax9x3:i32|4<3:Cast to=1@ax9x3|5<4<2:Mul|6<5:Add w3",
        "|1:Input@ax9x8:f16+MatMul w8x3:f16@ax9x3:f16+Add w3:f16",
    ],
]
