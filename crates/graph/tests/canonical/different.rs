&[
    &["|1:Input@ax8+Gelu", "|1:Input@ax8+Gelu approximate='tanh'", "|1:Input@ax8+Swish alpha=1.702"],
    // Almost an activation.
    &[
        "|1:Input@ax8|2<1:Div c1.4142135+Erf+Add c1.0|3<1<2:Mul|4<3:Mul c0.5",
        "|1:Input@ax8|2<1:Div c1.5+Erf+Add c1.0|3<1<2:Mul|4<3:Mul c0.5",
        "|1:Input@ax8|2<1:Div c1.4142135+Erf+Add c1.0|3<1<2:Mul|4<3:Mul c0.25",
        "|1:Input@ax8|2<1:Div c1.4142135+Erf+Add c2.0|3<1<2:Mul|4<3:Mul c0.5",
    ],
    &["|1:Input@ax8|2<1:Sigmoid|3<1<2:Mul", "|1:Input@ax8|2<1:Tanh|3<1:Sigmoid|4<2<3:Mul"],
    &["|1:Input@ax8+Clip c0.0 c6.0", "|1:Input@ax8+Clip c0.0", "|1:Input@ax8+Clip c0.0 c1.0"],
    // Order and parts.
    &[
        "|1:Input@ax4x8+Slice c[0] c[2] c[1]@ax2x8",
        "|1:Input@ax4x8+Slice c[1] c[3] c[1]@ax2x8",
        "|1:Input@ax4x8+Slice c[0] c[4] c[1] c[2]@ax2x8",
    ],
    &["|1:Input@ax4x4+Slice c[-1] c[-9223372036854775808] c[1] c[-1]+Relu", "|1:Input@ax4x4+Relu"],
    &["|1:Input@ax4x4+Transpose perm=[0,2,1]", "|1:Input@ax4x4+Reshape c[0,0,0]"],
    &["|1:Input@ax8x4x4+ReduceMean c[1,2]@ax1x1x4", "|1:Input@ax8x4x4+ReduceMean c[2,3]@ax8x1x1"],
    &["|1:Input@ax8x4x4+AveragePool k2@ax8x3x3", "|1:Input@ax8x4x4+AveragePool k2 s2@ax8x2x2"],
    // Padding that a convolution cannot have.
    &[
        "|1:Input@ax3x8x8+Pad c[0,0,1,1,0,0,1,1] c0.0@ax3x10x10+Conv k3@ax4x8x8",
        "|1:Input@ax3x8x8+Pad c[0,0,1,1,0,0,1,1] c1.0@ax3x10x10+Conv k3@ax4x8x8",
        "|1:Input@ax3x8x8+Pad mode='reflect' c[0,0,1,1,0,0,1,1]@ax3x10x10+Conv k3@ax4x8x8",
        "|1:Input@ax2x8x8+Pad c[0,0,1,1,0,1,1,1] c0.0@ax3x10x10+Conv k3@ax4x8x8",
    ],
    // Attention.
    &[
        "|1:Input@ax3x9x4|2:Input@ax3x9x4|3<2:Transpose perm=[0,1,3,2]@ax3x4x9|4<1<3:MatMul@ax3x9x9|5<4:Mul c0.5+Softmax|6:Input@ax3x9x4|7<5<6:MatMul@ax3x9x4",
        "|1:Input@ax3x9x4|2:Input@ax3x9x4|3<2:Transpose perm=[0,1,3,2]@ax3x4x9|4<1<3:MatMul@ax3x9x9|5<4:Softmax|6:Input@ax3x9x4|7<5<6:MatMul@ax3x9x4",
    ],
    // A batch that is mixed, or none.
    &[
        "|1:Input@1x4+ReduceMean c[0]",
        "|1:Input@ax4+ReduceMean c[0]@1x4",
    ],
    &["|1:Input@1x8+Softmax a0", "|1:Input@ax8+Softmax a0"],
    // Drawn numbers are no constants.
    &["|1:Input@ax8|2:RandomNormal shape=[8]@8|3<1<2:Add", "|1:Input@ax8+Add w8"],
    &["|1:Input@ax8|2:Bernoulli w8@8|3<1<2:Add", "|1:Input@ax8+Add w8"],
    // A bias before what is no convolution.
    &["|1:Input@ax8x4x4+Relu+BatchNormalization", "|1:Input@ax8x4x4+BatchNormalization+Relu"],
]
