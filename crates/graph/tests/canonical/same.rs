&[
    // Activations.
    &[
        "|1:Input@ax8x4x4+Swish",
        "|1:Input@ax8x4x4|2<1:Sigmoid|3<1<2:Mul",
        "|1:Input@ax8x4x4|2<1:Sigmoid|3<2<1:Mul",
        "|1:Input@ax8x4x4+Swish alpha=1.0",
    ],
    &[
        "|1:Input@ax8+Swish alpha=1.702",
        "|1:Input@ax8+com.microsoft.QuickGelu",
        "|1:Input@ax8|2<1:Mul c1.702+Sigmoid|3<1<2:Mul",
    ],
    // The value before may be a product itself.
    &[
        "|1:Input@ax8|2<1:Tanh|3<1<2:Mul|4<3:Swish",
        "|1:Input@ax8|2<1:Tanh|3<1<2:Mul|4<3:Sigmoid|5<3<4:Mul",
    ],
    &[
        "|1:Input@ax8+Gelu",
        "|1:Input@ax8|2<1:Div c1.4142135+Erf+Add c1.0|3<1<2:Mul|4<3:Mul c0.5",
        "|1:Input@ax8|2<1:Mul c0.70710677+Erf+Add c1.0|3<1<2:Mul|4<3:Mul c0.5",
        "|1:Input@ax8|2<1:Div c1.4142135+Erf+Add c1.0 ~|3<2<1:Mul|4<3:Mul c0.5 ~",
        "|1:Input@ax8|2<1:Mul c0.5|3<1:Div c1.4142135+Erf+Add c1.0|4<2<3:Mul",
        "|1:Input@ax8|2<1:Div c[1.4142135]+Erf+Add c[1.0]+Mul c[0.5]|3<1<2:Mul",
        "|1:Input@ax8+com.microsoft.Gelu",
    ],
    &[
        "|1:Input@ax8|2<1:Tanh|3<1<2:Mul|4<3:Gelu",
        "|1:Input@ax8|2<1:Tanh|3<1<2:Mul|4<3:Div c1.4142135+Erf+Add c1.0|5<3<4:Mul|6<5:Mul c0.5",
    ],
    &[
        "|1:Input@ax8+Gelu approximate='tanh'",
        "|1:Input@ax8|2<1:Pow c3.0+Mul c0.044715|3<1<2:Add|4<3:Mul c0.7978846+Tanh+Add c1.0|5<1<4:Mul|6<5:Mul c0.5",
        "|1:Input@ax8|2<1<1:Mul|3<1<2:Mul|4<3:Mul c0.044715|5<1<4:Add|6<5:Mul c0.7978846+Tanh+Add c1.0|7<1:Mul c0.5|8<7<6:Mul",
        "|1:Input@ax8|2<1:Mul c0.7978846|3<1:Mul c0.044715|4<3<1:Mul|5<4:Add c1.0|6<2<5:Mul|7<6:Tanh+Add c1.0|8<1:Mul c0.5|9<8<7:Mul",
        "|1:Input@ax8+com.microsoft.FastGelu",
    ],
    &[
        "|1:Input@ax8+HardSwish",
        "|1:Input@ax8|2<1:HardSigmoid alpha=0.16666667|3<1<2:Mul",
        "|1:Input@ax8|2<1:Add c3.0+Clip c0.0 c6.0|3<1<2:Mul|4<3:Div c6.0",
        "|1:Input@ax8|2<1:Add c3.0+Clip max=6.0 min=0.0+Div c6.0|3<1<2:Mul",
        "|1:Input@ax8|2<1:Add c3.0 ~+Clip c0.0 c6.0+Mul c0.16666667|3<2<1:Mul",
    ],
    &[
        "|1:Input@ax8+HardSigmoid alpha=0.16666667",
        "|1:Input@ax8+Add c3.0+Clip c0.0 c6.0+Div c6.0",
        "|1:Input@ax8+HardSigmoid alpha=0.1666667",
    ],
    &["|1:Input@ax8+Mish", "|1:Input@ax8|2<1:Exp+Add c1.0+Log+Tanh|3<1<2:Mul"],
    &["|1:Input@ax8+Relu", "|1:Input@ax8+Clip c0.0", "|1:Input@ax8+Clip min=0.0", "|1:Input@ax8+Max c0.0"],
    &["|1:Input@ax8+Clip c0.0 c6.0", "|1:Input@ax8+Clip max=6.0 min=0.0"],
    // Arithmetic.
    &["|1:Input@ax8+Mul c0.5", "|1:Input@ax8+Div c2.0", "|1:Input@ax8+Mul c[[0.5]]", "|1:Input@ax8+Mul c0.5 ~"],
    &["|1:Input@ax8+Add w8", "|1:Input@ax8+Add w1x8 ~"],
    &["|1:Input@ax8|2<1:Tanh|3<1<2:Add", "|1:Input@ax8|2<1:Tanh|3<1<2:Sum"],
    // What does nothing.
    &[
        "|1:Input@ax3x8x8+Relu",
        "|1:Input@ax3x8x8+Cast to=1+Relu",
        "|1:Input@ax3x8x8+Reshape c[0,3,8,8]+Relu+Identity",
        "|1:Input@ax3x8x8+Pad c[0,0,0,0,0,0,0,0]+Relu",
        "|1:Input@ax3x8x8+Slice c[0] c[9223372036854775807] c[1]+Relu+Mul c1.0",
        "|1:Input@ax3x8x8+Transpose perm=[0,1,2,3]+Relu+Add c0.0",
        "|1:Input@ax3x8x8+Expand c[1,3,8,8]+Relu+Concat a1",
        "|1:Input@ax3x8x8+Relu+Transpose perm=[0,2,3,1]@ax8x8x3+Transpose perm=[0,3,1,2]@ax3x8x8",
    ],
    // Constants.
    &[
        "|1:Input@ax8+Mul c0.125",
        "|1:Sqrt c64.0@.|2:Input@ax8|3<2<1:Div",
        "|1:Cast to=1 c64:i32@.+Sqrt|2<1:Div c1.0 ~|3:Input@ax8|4<3<2:Mul",
    ],
    &["|1:Input@ax4x8+MatMul@ax4x2", "|1:Transpose perm=[1,0] w2x8@8x2|2:Input@ax4x8|3<2<1:MatMul@ax4x2"],
    // Layout.
    &[
        "|1:Input@ax8x4x4+Flatten@ax128",
        "|1:Input@ax8x4x4+Reshape c[0,-1]@ax128",
        "|1:Input@ax8x4x4+Reshape allowzero=1 c[-1,128]@ax128",
        "|1:Input@ax8x4x4+Reshape c[0,8,16]@ax8x16+Flatten@ax128",
        "|1:Input@ax8x4x4|2<1:Shape end=1@1:i64+Concat a0 c[-1]@2:i64|3<1<2:Reshape@ax128",
    ],
    &[
        "|1:Input@ax8x1x1+Flatten@ax8",
        "|1:Input@ax8x1x1+Squeeze c[2,3]@ax8",
        "|1:Input@ax8x1x1+Squeeze axes=[2,3]@ax8",
    ],
    &["|1:Input@ax8+Reshape@ax1x8", "|1:Input@ax8+Unsqueeze c[1]@ax1x8", "|1:Input@ax8+Reshape c[-1,1,8]@ax1x8"],
    &[
        "|1:Input@ax3x9x4+Transpose perm=[0,1,3,2]@ax3x4x9",
        "|1:Input@ax3x9x4+Reshape c[-1,9,4]@(3*a)x9x4+Transpose perm=[0,2,1]@(3*a)x4x9+Reshape c[-1,3,4,9]@ax3x4x9",
    ],
    &[
        "|1:Input@ax3x9x4|2:Input@ax3x4x5|3<1<2:MatMul@ax3x9x5",
        "|1:Input@ax3x9x4+Reshape c[-1,9,4]@(3*a)x9x4|2:Input@ax3x4x5+Reshape c[-1,4,5]@(3*a)x4x5|3<1<2:MatMul@(3*a)x9x5|4<3:Reshape c[-1,3,9,5]@ax3x9x5",
        "|1:Input@ax3x9x4|2:Input@ax3x4x5|3<1<2:Einsum equation='bhik,bhkj-%3ebhij'@ax3x9x5",
        "|1:Input@ax3x9x4|2:Input@ax3x4x5|3<1<2:Einsum equation='B%20H%20I%20K,%20B%20H%20K%20J%20-%3e%20B%20H%20I%20J'@ax3x9x5",
    ],
    &[
        "|1:Input@ax3x9x4|2:Input@ax3x5x4+Transpose perm=[0,1,3,2]@ax3x4x5|3<1<2:MatMul@ax3x9x5",
        "|1:Input@ax3x9x4|2:Input@ax3x5x4|3<1<2:Einsum equation='bhik,bhjk-%3ebhij'@ax3x9x5",
    ],
    &["|1:Input@ax8|2:Input@ax4|3<1<2:Concat a1@ax12", "|1:Input@ax8|2:Input@ax4|3<1<2:Concat a-1@ax12"],
    &[
        "|1:Input@ax3x4x4+Resize coordinate_transformation_mode='asymmetric' nearest_mode='floor'@ax3x8x8",
        "|1:Input@ax3x4x4+Resize coordinate_transformation_mode='asymmetric' cubic_coeff_a=-0.5 nearest_mode='floor' _ c[1.0,1.0,2.0,2.0]@ax3x8x8",
        "|1:Input@ax3x4x4|2<1:Shape end=2@2:i64+Concat a0 c[8,8]@4:i64|3<1<2:Resize coordinate_transformation_mode='asymmetric' nearest_mode='floor' _ _@ax3x8x8",
    ],
    // Parts.
    &[
        "|1:Input@ax4x8|2<1:Slice c[0] c[2] c[1]@ax2x8|3<1:Slice c[2] c[4] c[1]@ax2x8|4<2<3:Add",
        "|1:Input@ax4x8+Split a1 c[2,2]@ax2x8/ax2x8|2<1<1.1:Add",
        "|1:Input@ax4x8|2<1:Slice c[-4] c[2] c[-2]@ax2x8|3<1:Slice ends=[9223372036854775807] starts=[2] axes=[1]@ax2x8|4<2<3:Add",
    ],
    &[
        "|1:Input@ax4x8+Gather a1 c2@ax8",
        "|1:Input@ax4x8+Gather a1 c-2@ax8",
        "|1:Input@ax4x8+Slice c[2] c[3] c[1]@ax1x8+Squeeze c[1]@ax8",
        "|1:Input@ax4x8+Split a1 c[2,1,1]@/ax1x8|2<1.1:Reshape c[-1,8]@ax8",
    ],
    // Pooling.
    &[
        "|1:Input@ax8x4x4+GlobalAveragePool@ax8x1x1+Flatten@ax8",
        "|1:Input@ax8x4x4+ReduceMean c[-1,-2]@ax8x1x1+Reshape c[-1,8]@ax8",
        "|1:Input@ax8x4x4+ReduceMean axes=[2,3] keepdims=0@ax8",
        "|1:Input@ax8x4x4+AveragePool k4@ax8x1x1+Squeeze c[2,3]@ax8",
        "|1:Input@ax8x4x4+AveragePool k4 s4@ax8x1x1+Flatten@ax8",
    ],
    &["|1:Input@ax8x4x4+GlobalMaxPool@ax8x1x1", "|1:Input@ax8x4x4+ReduceMax axes=[3,2]@ax8x1x1", "|1:Input@ax8x4x4+MaxPool k4@ax8x1x1"],
    &["|1:Input@ax9x8+ReduceMean c[1]@ax1x8+Flatten@ax8", "|1:Input@ax9x8+ReduceMean axes=[-2] keepdims=0@ax8"],
    // Linear layers.
    &[
        "|1:Input@ax8+Gemm transB=1 b@ax3",
        "|1:Input@ax8+Gemm@ax3",
        "|1:Input@ax8+Gemm alpha=0.5 b@ax3",
        "|1:Input@ax8+MatMul@ax3",
        "|1:Input@ax8+MatMul@ax3+Add w3",
        "|1:Input@ax8+MatMul@ax3+Add w1x3 ~",
        "|1:Input@ax8+Gemm transB=1@ax3+BatchNormalization",
    ],
    &[
        "|1:Input@ax9x8+MatMul@ax9x3+Add w3",
        "|1:Input@ax9x8+MatMul@ax9x3+Add w3 ~",
        "|1:Input@ax9x8+Reshape c[-1,8]@(9*a)x8+Gemm transB=1 b@(9*a)x3+Reshape c[-1,9,3]@ax9x3",
    ],
    &[
        "|1:Input@ax8x1x1+Flatten@ax8+Gemm transB=1 b@ax3",
        "|1:Input@ax8x1x1+Conv k1 b@ax3x1x1+Flatten@ax3",
    ],
    // Convolutions.
    &[
        "|1:Input@ax3x8x8+Conv k3 p0x0x1x1 s2@ax4x4x4+BatchNormalization+Relu",
        "|1:Input@ax3x8x8+Conv k3 p0x0x1x1 s2@ax4x4x4+Relu",
        "|1:Input@ax3x8x8+Conv k3 p0x0x1x1 s2 b@ax4x4x4+Relu",
        "|1:Input@ax3x8x8+Conv auto_pad='SAME_UPPER' k3 s2@ax4x4x4+Add w4x1x1+Relu",
        "|1:Input@ax3x8x8+Pad c[0,0,0,0,0,0,1,1] c0.0@ax3x9x9+Conv k3 s2@ax4x4x4+BatchNormalization epsilon=0.001+Relu",
        "|1:Input@ax3x8x8+Pad mode='constant' pads=[0,0,0,0,0,0,1,1] value=0.0@ax3x9x9+Conv k3 s2 b@ax4x4x4+BatchNormalization+Relu",
    ],
    // Normalization.
    &[
        "|1:Input@ax9x8+LayerNormalization epsilon=1e-6 b",
        "|1:Input@ax9x8+LayerNormalization a2 epsilon=1e-6 stash_type=1 b",
        "|1:Input@ax9x8|2<1:ReduceMean axes=[-1]@ax9x1|3<1<2:Sub@ax9x8|4<3:Pow c2.0+ReduceMean axes=[-1]@ax9x1+Add c1e-6+Sqrt|5<3<4:Div|6<5:Mul w8+Add w8",
        "|1:Input@ax9x8|2<1:ReduceMean c[2]@ax9x1|3<1<2:Sub@ax9x8|4<3<3:Mul|5<4:ReduceMean c[2]@ax9x1+Add c1e-6+Sqrt+Reciprocal|6<3<5:Mul|7<6:Mul w8 ~+Add w8 ~",
    ],
    &[
        "|1:Input@ax9x8+RMSNormalization epsilon=1e-6 w8",
        "|1:Input@ax9x8|2<1:Pow c2.0+ReduceMean c[-1]@ax9x1+Add c1e-6+Sqrt+Reciprocal|3<1<2:Mul|4<3:Mul w8 ~",
        "|1:Input@ax9x8|2<1:Pow c2.0+ReduceMean c[-1]@ax9x1+Add c1e-6+Sqrt|3<2:Div c1.0 ~|4<1<3:Mul|5<4:Mul w8",
    ],
    &[
        "|1:Input@ax8x4x4+GroupNormalization num_groups=2 w8 w8",
        "|1:Input@ax8x4x4+Reshape c[0,2,-1]@ax2x64+InstanceNormalization w2 w2+Reshape c[-1,8,4,4]@ax8x4x4+Mul w8x1x1+Add w8x1x1",
        "|1:Input@ax8x4x4+GroupNormalization num_groups=2 version=18 w2 w2",
    ],
    &["|1:Input@ax9x8+ReduceL2 c[2]@ax9x1", "|1:Input@ax9x8+Pow c2.0+ReduceSum c[-1]@ax9x1+Sqrt"],
    // Attention.
    &[
        "|1:Input@ax3x9x4|2:Input@ax3x9x4|3:Input@ax3x9x4|4<1<2<3:Attention",
        "|1:Input@ax3x9x4|2:Input@ax3x9x4|3<2:Transpose perm=[0,1,3,2]@ax3x4x9|4<1<3:MatMul@ax3x9x9|5<4:Mul c0.5+Softmax|6:Input@ax3x9x4|7<5<6:MatMul@ax3x9x4",
        "|1:Input@ax3x9x4|2<1:Mul c0.70710677|3:Input@ax3x9x4|4<3:Transpose perm=[0,1,3,2]@ax3x4x9+Mul c0.70710677|5<2<4:MatMul@ax3x9x9|6<5:Softmax|7:Input@ax3x9x4|8<6<7:MatMul@ax3x9x4",
        "|1:Input@ax3x9x4|2<1:Div c2.0|3:Input@ax3x9x4|4<3:Transpose perm=[0,1,3,2]@ax3x4x9|5<2<4:MatMul@ax3x9x9|6<5:Softmax|7:Input@ax3x9x4|8<6<7:MatMul@ax3x9x4",
    ],
    // Expansion.
    &[
        "|1:Input@ax8|2<1:ReduceL2 c[1]@ax1+Clip c1e-12|3<1<2:Div",
        "|1:Input@ax8|2<1:ReduceL2 c[1]@ax1+Clip c1e-12|3<1:Shape@2:i64|4<2<3:Expand@ax8|5<1<4:Div",
    ],
    &[
        "|1:Input@ax9x8+Concat a1 w1x1x8 ~@ax10x8",
        "|1:Input@ax9x8|2<1:Shape end=1@1:i64+Concat a0 c[1] c[8]@3:i64|3<2:Expand w1x1x8 ~@ax1x8|4<3<1:Concat a1@ax10x8",
    ],
    // Attention of torch.nn.MultiheadAttention.
    &[
        "|1:Input@ax9x8+Transpose perm=[1,0,2]@9xax8+MatMul+Add w8+Reshape@9x(2*a)x4+Transpose perm=[1,0,2]@(2*a)x9x4+Reshape@ax2x9x4+Transpose perm=[2,0,1,3]@9xax2x4+Reshape@(9*a)x8+Gemm transB=1 b+Reshape@9xax8+Transpose perm=[1,0,2]@ax9x8",
        "|1:Input@1x9x8+Transpose perm=[1,0,2]@9x1x8+MatMul+Add w8+Reshape c[9,2,4]@9x2x4+Transpose perm=[1,0,2]@2x9x4+Reshape c[1,2,9,4]@1x2x9x4+Transpose perm=[2,0,1,3]@9x1x2x4+Reshape c[9,8]@9x8+Gemm transB=1 b+Reshape c[9,1,8]@9x1x8+Transpose perm=[1,0,2]@1x9x8",
        "|1:Input@4x9x8+Transpose perm=[1,0,2]@9x4x8+MatMul+Add w8+Reshape c[9,8,4]@9x8x4+Transpose perm=[1,0,2]@8x9x4+Reshape c[4,2,9,4]@4x2x9x4+Transpose perm=[2,0,1,3]@9x4x2x4+Reshape c[36,8]@36x8+Gemm transB=1 b+Reshape c[9,4,8]@9x4x8+Transpose perm=[1,0,2]@4x9x8",
    ],
    &[
        "|1:Input@9xax8+LSTM hidden_size=4 w1x16x8 w1x16x4@9x1xax4+Transpose perm=[2,0,1,3]@ax9x1x4",
    ],
    // Weights that are declared as inputs.
    &[
        "|1:Input@ax3x8x8+Conv k3 p1@ax4x8x8+BatchNormalization+Relu+Flatten@ax256+Gemm transB=1 b@ax10",
        "|1:Input@ax3x8x8|2:Input@4x3x3x3|3<1<2:Conv k3 p1@ax4x8x8|4:Input@4|5:Input@4|6:Input@4|7:Input@4|8<3<4<5<6<7:BatchNormalization|9<8:Relu+Flatten@ax256|10:Input@10x256|11:Input@10|12<9<10<11:Gemm transB=1@ax10",
        "|1:Input@ax3x8x8|2:Input@4x3x3x3|3:Input@4|4<1<2<3:Conv k3 p1@ax4x8x8|5<4:Relu+Flatten@ax256|6:Input@256x10|7<5<6:MatMul@ax10|8:Input@10|9<7<8:Add",
    ],
    // Conditionals.
    &[
        "|1:Input@ax8+Relu",
        "|1:Input@ax8|2<1<1:If [else_branch |1:Input o0@ax8+Tanh] [then_branch |1:Input o0@ax8+Relu] c1:bool ~ ~@ax8",
        "|1:Input@ax8|2<1<1:If [else_branch |1:Input o0@ax8+Relu] [then_branch |1:Input o0@ax8+Tanh] c0:bool ~ ~@ax8",
    ],
    // Batches.
    &[
        "|1:Input@ax3x8x8+Conv k3 p1@ax4x8x8+BatchNormalization+Relu+GlobalAveragePool@ax4x1x1+Flatten@ax4+Gemm transB=1 b@ax10",
        "|1:Input@1x3x8x8+Conv k3 p1@1x4x8x8+BatchNormalization+Relu+GlobalAveragePool@1x4x1x1+Flatten@1x4+Gemm transB=1 b@1x10",
        "|1:Input@16x3x8x8+Conv k3 p1@16x4x8x8+BatchNormalization+Relu+ReduceMean c[2,3]@16x4x1x1+Reshape c[16,4]@16x4+Gemm transB=1 b@16x10",
    ],
    &[
        "|1:Input@ax4x8x8+Reshape@ax4x2x4x2x4+Transpose perm=[0,2,4,1,3,5]@ax2x2x4x4x4+Reshape@(4*a)x4x16+Softmax",
        "|1:Input@1x4x8x8+Reshape c[1,4,2,4,2,4]@1x4x2x4x2x4+Transpose perm=[0,2,4,1,3,5]@1x2x2x4x4x4+Reshape c[4,4,16]@4x4x16+Softmax",
        "|1:Input@2x4x8x8+Reshape c[2,4,2,4,2,4]@2x4x2x4x2x4+Transpose perm=[0,2,4,1,3,5]@2x2x2x4x4x4+Reshape c[8,4,16]@8x4x16+Softmax",
    ],
    // Bodies.
    &[
        "|1:Input@ax8+Loop [body |1:Input i0@.:i64|2:Input i1@.:bool|3:Input i2@ax8+Swish>-3>-1] c3 _ ~",
        "|1:Input@ax8+Loop [body |1:Input i0@.:i64|2:Input i1@.:bool|3:Input i2@ax8|4<3:Sigmoid|5<3<4:Mul>-4>-1] c3 _ ~",
        "|1:Input@ax8+Loop [body |1:Input i0@.:i64|2:Input i1@.:bool|3:Input i2@ax8|4<3:Sigmoid|5<4<3:Mul>-4>-1] c3 _ ~",
    ],
    &[
        "|1:Input@ax8|2:Input@ax8|3<1<2:Loop [body |1:Input i0@.:i64|2:Input i1@.:bool|3:Input i2@ax8|4:Input o0@ax8|5<4<3:Add>-4>-1] c3 _ ~ ~",
        "|1:Input@ax8|2:Input@ax8|3<1<1<2:Loop [body |1:Input i0@.:i64|2:Input i1@.:bool|3:Input i2@ax8|4:Input o0@ax8|5:Input o1@ax8|6<5<3:Add>-5>-1] c3 _ ~ ~ ~",
    ],
]
