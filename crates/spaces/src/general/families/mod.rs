//! The families: each function draws a network's sizes and builds it, outputs
//! included.

mod attentive;
mod branches;
mod detect;
mod forest;
mod graphs;
mod half;
mod mixer;
mod mobile;
mod modern;
mod nats;
mod perceptron;
mod picture;
mod plain;
mod quantised;
mod quantised_layers;
mod recurrent;
mod residual;
mod sentence;
mod shuffle;
mod small;
mod temporal;
mod tokens;
mod volume;

use super::net::Net;

/// A family of networks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Family {
    /// Its name in the list and in the names of files.
    pub(super) name: &'static str,
    /// Draws and builds one.
    pub(super) build: fn(&mut Net),
    /// Least and largest estimated latency that is aimed at.
    pub(super) milliseconds: [f64; 2],
}

const fn family(name: &'static str, build: fn(&mut Net)) -> Family {
    Family { name, build, milliseconds: [0.15, 60.0] }
}

/// A family of networks that take microseconds.
const fn small(name: &'static str, build: fn(&mut Net)) -> Family {
    Family { name, build, milliseconds: [0.002, 1.0] }
}

/// Every family, in the order in which a sample goes through them.
pub(super) const FAMILIES: &[Family] = &[
    family("plain-cnn", plain::plain),
    family("resnet-basic", residual::basic),
    family("mobilenet-v2", mobile::mobilenet_v2),
    family("bert", sentence::bert),
    family("lstm", recurrent::lstm),
    family("mlp", perceptron::mlp),
    family("unet", picture::unet),
    family("vit", attentive::vit),
    family("vgg", plain::vgg),
    family("resnet-bottleneck", residual::bottleneck),
    family("mobilenet-v3", mobile::mobilenet_v3),
    family("gpt", sentence::gpt),
    family("gru", recurrent::gru),
    family("tcn", temporal::tcn),
    family("densenet", branches::densenet),
    family("shufflenet", shuffle::shufflenet),
    family("mlp-mixer", mixer::mlp_mixer),
    family("recommender", perceptron::recommender),
    family("fpn", detect::fpn),
    family("nats-tss", nats::tss),
    family("resnext", residual::resnext),
    family("mobilenet-v1", mobile::mobilenet_v1),
    family("inception", branches::inception),
    family("llama", sentence::llama),
    family("bi-rnn", recurrent::bidirectional),
    family("cnn-1d", temporal::cnn),
    family("autoencoder", picture::autoencoder),
    family("convnext", modern::convnext),
    family("tabular", perceptron::tabular),
    family("encoder-decoder", sentence::encoder_decoder),
    family("squeezenet", branches::squeezenet),
    family("efficientnet", mobile::efficientnet),
    family("preact-resnet", residual::preactivation),
    family("csp-detector", detect::csp),
    family("nats-sss", nats::sss),
    family("crnn", recurrent::crnn),
    family("quantised-cnn", quantised::cnn),
    family("quantised-mlp", quantised::mlp),
    family("super-resolution", picture::super_resolution),
    family("wavenet", temporal::wavenet),
    family("dilated-segmentation", picture::dilated),
    family("se-resnet", residual::squeeze_excited),
    family("ghostnet", shuffle::ghostnet),
    family("cnn-3d", volume::cnn),
    family("graph-network", graphs::dense),
    family("swin", attentive::swin),
    family("conformer", tokens::conformer),
    family("set-transformer", tokens::set_transformer),
    family("repvgg", modern::repvgg),
    family("voice-activity", recurrent::voice_activity),
    family("residual-mlp", perceptron::residual),
    family("depthwise-1d", temporal::separable),
    family("bert-long", sentence::long_bert),
    family("gpt-long", sentence::long_gpt),
    family("llama-long", sentence::long_llama),
    family("rnn-long", recurrent::long),
    family("gpt-cached", sentence::cached),
    family("half-cnn", half::cnn),
    family("half-transformer", half::transformer),
    small("forest", forest::classifier),
    small("boosted-trees", forest::regressor),
    family("quantised-transformer", quantised_layers::transformer),
    family("quantised-rnn", quantised_layers::recurrent),
    family("integer-cnn", quantised_layers::cnn),
    small("linear-model", small::linear),
    small("small-network", small::network),
];
