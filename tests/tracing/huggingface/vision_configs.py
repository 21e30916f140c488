"""Models of images, and of images with texts or sound: their sizes as published, and their parameters."""

from tracing.huggingface.published import Published

TORCHVISION = "torchvision's weights"
TIMM = "timm's results"
MODEL_CARD = "parameters of the weights on the model's page"

CLASSES = {str(number): f"class {number}" for number in range(1000)}


def vit(kind, architecture, hidden, layers, heads, **other):
    return {
        "model_type": kind,
        "architectures": [architecture],
        "hidden_size": hidden,
        "intermediate_size": 4 * hidden,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "image_size": 224,
        "patch_size": 16,
        "id2label": CLASSES,
        **other,
    }


def clip(patch, vision_hidden, vision_layers, vision_heads, hidden, heads, projection):
    return {
        "model_type": "clip",
        "architectures": ["CLIPModel"],
        "projection_dim": projection,
        "text_config": {
            "hidden_size": hidden,
            "intermediate_size": 4 * hidden,
            "num_attention_heads": heads,
            "num_hidden_layers": 12,
            "vocab_size": 49408,
            "max_position_embeddings": 77,
        },
        "vision_config": {
            "hidden_size": vision_hidden,
            "intermediate_size": 4 * vision_hidden,
            "num_attention_heads": vision_heads,
            "num_hidden_layers": vision_layers,
            "patch_size": patch,
            "image_size": 224,
        },
    }


def convnext(kind, architecture, depths, sizes):
    return {
        "model_type": kind,
        "architectures": [architecture],
        "depths": depths,
        "hidden_sizes": sizes,
        "id2label": CLASSES,
    }


def swin(kind, architecture, embedding, depths, heads, **other):
    return {
        "model_type": kind,
        "architectures": [architecture],
        "embed_dim": embedding,
        "depths": depths,
        "num_heads": heads,
        "image_size": 224,
        "patch_size": 4,
        "window_size": 7,
        "id2label": CLASSES,
        **other,
    }


def dinov2(hidden, layers, heads):
    return {
        "model_type": "dinov2",
        "architectures": ["Dinov2Model"],
        "hidden_size": hidden,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "mlp_ratio": 4,
        "image_size": 518,
        "patch_size": 14,
    }


VISION_MODELS = (
    Published("vit-base-16", vit("vit", "ViTForImageClassification", 768, 12, 12), 86_567_656, TORCHVISION),
    Published(
        "vit-large-16", vit("vit", "ViTForImageClassification", 1024, 24, 16), 304_326_632, TORCHVISION
    ),
    Published("deit-tiny", vit("vit", "ViTForImageClassification", 192, 12, 3), 5_717_416, TIMM),
    Published(
        "deit-base-distilled",
        vit("deit", "DeiTForImageClassificationWithTeacher", 768, 12, 12),
        87_338_192,
        TIMM,
    ),
    Published(
        "beit-base",
        vit(
            *("beit", "BeitForImageClassification", 768, 12, 12),
            use_relative_position_bias=True,
            use_mean_pooling=True,
            layer_scale_init_value=0.1,
        ),
        86_530_984,
        TIMM,
    ),
    Published("dinov2-small", dinov2(384, 12, 6), 22_056_576, TIMM),
    Published("dinov2-base", dinov2(768, 12, 12), 86_580_480, TIMM),
    Published(
        "swin-tiny",
        swin("swin", "SwinForImageClassification", 96, [2, 2, 6, 2], [3, 6, 12, 24]),
        28_288_354,
        TORCHVISION,
    ),
    Published(
        "swin-base",
        swin("swin", "SwinForImageClassification", 128, [2, 2, 18, 2], [4, 8, 16, 32]),
        87_768_224,
        TORCHVISION,
    ),
    Published(
        "swinv2-tiny",
        swin("swinv2", "Swinv2ForImageClassification", 96, [2, 2, 6, 2], [3, 6, 12, 24])
        | {"window_size": 8, "image_size": 256},
        28_347_154,
        TIMM,
    ),
    Published(
        "convnext-tiny",
        convnext("convnext", "ConvNextForImageClassification", [3, 3, 9, 3], [96, 192, 384, 768]),
        28_589_128,
        TORCHVISION,
    ),
    Published(
        "convnext-base",
        convnext("convnext", "ConvNextForImageClassification", [3, 3, 27, 3], [128, 256, 512, 1024]),
        88_591_464,
        TORCHVISION,
    ),
    Published(
        "convnextv2-tiny",
        convnext("convnextv2", "ConvNextV2ForImageClassification", [3, 3, 9, 3], [96, 192, 384, 768]),
        28_635_496,
        TIMM,
    ),
    Published(
        "resnet-50",
        {
            "model_type": "resnet",
            "architectures": ["ResNetForImageClassification"],
            "depths": [3, 4, 6, 3],
            "hidden_sizes": [256, 512, 1024, 2048],
            "embedding_size": 64,
            "layer_type": "bottleneck",
            "id2label": CLASSES,
        },
        25_557_032,
        TORCHVISION,
    ),
    Published(
        "mobilenet-v2",
        {
            "model_type": "mobilenet_v2",
            "architectures": ["MobileNetV2ForImageClassification"],
            "id2label": CLASSES,
            "image_size": 224,
        },
        3_504_872,
        TORCHVISION,
    ),
    Published(
        "efficientnet-b0",
        {
            "model_type": "efficientnet",
            "architectures": ["EfficientNetForImageClassification"],
            "image_size": 224,
            "width_coefficient": 1.0,
            "depth_coefficient": 1.0,
            "hidden_dim": 1280,
            "dropout_rate": 0.2,
            "id2label": CLASSES,
        },
        5_288_548,
        TORCHVISION,
    ),
    Published(
        "segformer-b0",
        {
            "model_type": "segformer",
            "architectures": ["SegformerForSemanticSegmentation"],
            "depths": [2, 2, 2, 2],
            "hidden_sizes": [32, 64, 160, 256],
            "decoder_hidden_size": 256,
            "id2label": {str(number): f"class {number}" for number in range(150)},
        },
        "3.8M",
        "Xie et al. 2021, table 1",
    ),
    Published(
        "detr-resnet-50",
        {
            "model_type": "detr",
            "architectures": ["DetrForObjectDetection"],
            "use_timm_backbone": False,
            "use_pretrained_backbone": False,
            "backbone": None,
            "backbone_config": {
                "model_type": "resnet",
                "depths": [3, 4, 6, 3],
                "hidden_sizes": [256, 512, 1024, 2048],
                "out_features": ["stage4"],
            },
            "id2label": {str(number): f"class {number}" for number in range(91)},
        },
        41_524_768,
        MODEL_CARD,
    ),
    Published("clip-vit-b-32", clip(32, 768, 12, 12, 512, 8, 512), 151_277_313, "OpenAI's released model"),
    Published("clip-vit-b-16", clip(16, 768, 12, 12, 512, 8, 512), 149_620_737, "OpenAI's released model"),
    Published("clip-vit-l-14", clip(14, 1024, 24, 16, 768, 12, 768), 427_616_513, "OpenAI's released model"),
    Published(
        "siglip-base",
        {
            "model_type": "siglip",
            "architectures": ["SiglipModel"],
            "text_config": {"vocab_size": 32000, "max_position_embeddings": 64},
            "vision_config": {"image_size": 224, "patch_size": 16},
        },
        203_155_970,
        MODEL_CARD,
    ),
    Published(
        "vit-mae-base",
        vit(
            *("vit_mae", "ViTMAEForPreTraining", 768, 12, 12),
            decoder_hidden_size=512,
            decoder_num_hidden_layers=8,
            decoder_num_attention_heads=16,
            decoder_intermediate_size=2048,
        ),
        111_907_840,
        MODEL_CARD,
    ),
    Published(
        "audio-spectrogram-transformer",
        vit(
            *("audio-spectrogram-transformer", "ASTForAudioClassification", 768, 12, 12),
            num_mel_bins=128,
            max_length=1024,
            frequency_stride=10,
            time_stride=10,
            id2label={str(number): f"class {number}" for number in range(527)},
        ),
        86_594_063,
        MODEL_CARD,
    ),
    Published(
        "llava-1.5-7b",
        {
            "model_type": "llava",
            "architectures": ["LlavaForConditionalGeneration"],
            "image_token_index": 32000,
            "vision_feature_layer": -2,
            "vision_feature_select_strategy": "default",
            "text_config": {"model_type": "llama", "vocab_size": 32064, "max_position_embeddings": 4096},
            "vision_config": {
                "model_type": "clip_vision_model",
                "hidden_size": 1024,
                "image_size": 336,
                "intermediate_size": 4096,
                "num_attention_heads": 16,
                "num_hidden_layers": 24,
                "patch_size": 14,
                "projection_dim": 768,
                "vocab_size": 32000,
            },
            "torch_dtype": "float16",
        },
        7_063_427_072,
        MODEL_CARD,
    ),
)
