import Measurements

/// Names as of vLLM 0.32, SGLang 0.5, TGI 3, Triton 25, Dynamo 1.0, llama.cpp of 2026 and dcgm-exporter 4, and what they were called before.
extension EnginePreset {
    /// https://docs.vllm.ai/en/stable/usage/metrics/. `time_per_output_token_seconds` became `inter_token_latency_seconds` in 0.11,
    /// `gpu_cache_usage_perc` became `kv_cache_usage_perc`.
    static let vllm: EnginePreset = {
        var preset = EnginePreset("vllm")
        let perToken: [DurationMetric] = [
            .histogram("vllm:inter_token_latency_seconds", countsRequests: false),
            .histogram("vllm:time_per_output_token_seconds", countsRequests: false),
        ]
        preset.latencies = [
            .timeToFirstToken: [.histogram("vllm:time_to_first_token_seconds")],
            .timePerOutputToken: [.histogram("vllm:request_time_per_output_token_seconds")] + perToken,
            .interTokenLatency: perToken,
            .endToEnd: [.histogram("vllm:e2e_request_latency_seconds")],
            .queue: [.histogram("vllm:request_queue_time_seconds")],
            .prefill: [.histogram("vllm:request_prefill_time_seconds")],
            .decode: [.histogram("vllm:request_decode_time_seconds")],
        ]
        // An abort is the client's doing: neither an answer nor a failure.
        preset.finished = [SeriesSelector("vllm:request_success_total", .not("finished_reason", "abort"))]
        preset.failed = [SeriesSelector("vllm:request_success_total", .equal("finished_reason", "error"))]
        preset.outputTokens = [SeriesSelector("vllm:generation_tokens_total")]
        preset.inputTokens = [SeriesSelector("vllm:prompt_tokens_total")]
        preset.waiting = [SeriesSelector("vllm:num_requests_waiting")]
        preset.preemptions = [SeriesSelector("vllm:num_preemptions_total")]
        preset.load = LoadMetrics(
            ended: [SeriesSelector("vllm:request_success_total")], running: SeriesSelector("vllm:num_requests_running"),
            prompts: .init(
                tokens: SeriesSelector("vllm:request_prompt_tokens_sum"), requests: SeriesSelector("vllm:request_prompt_tokens_count")),
            answers: .init(
                tokens: SeriesSelector("vllm:request_generation_tokens_sum"),
                requests: SeriesSelector("vllm:request_generation_tokens_count")),
            cached: [SeriesSelector("vllm:prompt_tokens_cached_total"), SeriesSelector("vllm:prefix_cache_hits_total")])
        preset.utilization = [
            .keyValueCache: [
                UtilizationGauge(SeriesSelector("vllm:kv_cache_usage_perc")), UtilizationGauge(SeriesSelector("vllm:gpu_cache_usage_perc")),
            ]
        ]
        return preset
    }()

    /// https://docs.sglang.io/references/production_metrics.html.
    static let sglang: EnginePreset = {
        var preset = EnginePreset("sglang")
        let perToken: [DurationMetric] = [
            .histogram("sglang:inter_token_latency_seconds", countsRequests: false),
            .histogram("sglang:time_per_output_token_seconds", countsRequests: false),
        ]
        preset.latencies = [
            .timeToFirstToken: [.histogram("sglang:time_to_first_token_seconds")],
            .timePerOutputToken: perToken,
            .interTokenLatency: perToken,
            .endToEnd: [.histogram("sglang:e2e_request_latency_seconds")],
            .queue: [.histogram("sglang:queue_time_seconds")],
        ]
        preset.finished = [SeriesSelector("sglang:num_requests_total")]
        preset.outputTokens = [SeriesSelector("sglang:generation_tokens_total")]
        preset.inputTokens = [SeriesSelector("sglang:prompt_tokens_total")]
        preset.waiting = [SeriesSelector("sglang:num_queue_reqs")]
        preset.utilization = [.keyValueCache: [UtilizationGauge(SeriesSelector("sglang:token_usage"))]]
        return preset
    }()

    /// https://huggingface.co/docs/text-generation-inference/reference/metrics. It exports no time to first token, and its time per token
    /// spreads the whole inference, the first token's too, over the tokens.
    static let tgi: EnginePreset = {
        var preset = EnginePreset("tgi")
        preset.latencies = [
            .timePerOutputToken: [.histogram("tgi_request_mean_time_per_token_duration")],
            .endToEnd: [.histogram("tgi_request_duration")],
            .queue: [.histogram("tgi_request_queue_duration")],
        ]
        preset.finished = [SeriesSelector("tgi_request_success"), SeriesSelector("tgi_request_failure")]
        preset.failed = [SeriesSelector("tgi_request_failure")]
        preset.failuresAppearWithTheFirst = true
        preset.outputTokens = [SeriesSelector("tgi_request_generated_tokens_sum")]
        preset.inputTokens = [SeriesSelector("tgi_request_input_length_sum")]
        preset.waiting = [SeriesSelector("tgi_queue_size")]
        return preset
    }()

    /// https://docs.nvidia.com/deeplearning/triton-inference-server/user-guide/docs/user_guide/metrics.html, with the metrics of its
    /// TensorRT-LLM backend.
    static let triton: EnginePreset = {
        var preset = EnginePreset("triton")
        preset.latencies = [
            .timeToFirstToken: [.histogram("nv_inference_first_response_histogram_ms", secondsPerUnit: 1e-3)],
            .endToEnd: [.mean("nv_inference_request_duration_us", per: "nv_inference_request_success", secondsPerUnit: 1e-6)],
            .queue: [.mean("nv_inference_queue_duration_us", per: "nv_inference_request_success", secondsPerUnit: 1e-6)],
        ]
        preset.finished = [SeriesSelector("nv_inference_request_success"), SeriesSelector("nv_inference_request_failure")]
        preset.failed = [SeriesSelector("nv_inference_request_failure")]
        preset.waiting = [
            SeriesSelector("nv_trt_llm_request_metrics", .equal("request_type", "waiting")),
            SeriesSelector("nv_inference_pending_request_count"),
        ]
        preset.utilization = [
            .gpu: [UtilizationGauge(SeriesSelector("nv_gpu_utilization"))],
            .memory: [
                UtilizationGauge(SeriesSelector("nv_gpu_memory_used_bytes"), total: SeriesSelector("nv_gpu_memory_total_bytes"))
            ],
            .keyValueCache: [
                UtilizationGauge(SeriesSelector("nv_trt_llm_kv_cache_block_metrics", .equal("kv_cache_block_type", "fraction")))
            ],
        ]
        return preset
    }()

    /// https://docs.nvidia.com/dynamo/latest/reference/observability/metrics-catalog. Its queue counts requests until their first token.
    static let dynamo: EnginePreset = {
        var preset = EnginePreset("dynamo")
        let perToken: [DurationMetric] = [.histogram("dynamo_frontend_inter_token_latency_seconds", countsRequests: false)]
        preset.latencies = [
            .timeToFirstToken: [.histogram("dynamo_frontend_time_to_first_token_seconds")],
            .timePerOutputToken: perToken,
            .interTokenLatency: perToken,
            .endToEnd: [.histogram("dynamo_frontend_request_duration_seconds")],
        ]
        preset.finished = [SeriesSelector("dynamo_frontend_requests_total")]
        preset.failed = [SeriesSelector("dynamo_frontend_requests_total", .equal("status", "error"))]
        preset.failuresAppearWithTheFirst = true
        preset.outputTokens = [SeriesSelector("dynamo_frontend_output_sequence_tokens_sum")]
        preset.inputTokens = [SeriesSelector("dynamo_frontend_input_sequence_tokens_sum")]
        preset.waiting = [SeriesSelector("dynamo_frontend_queued_requests")]
        preset.utilization = [
            .keyValueCache: [
                UtilizationGauge(SeriesSelector("dynamo_component_gpu_cache_usage_percent")),
                UtilizationGauge(SeriesSelector("dynamo_component_kvstats_gpu_cache_usage_percent")),
            ]
        ]
        return preset
    }()

    /// https://github.com/ggml-org/llama.cpp/tree/master/tools/server. It counts tokens and time, but neither requests nor buckets.
    static let llamacpp: EnginePreset = {
        var preset = EnginePreset("llamacpp")
        preset.latencies = [
            .timePerOutputToken: [
                .mean("llamacpp:tokens_predicted_seconds_total", per: "llamacpp:tokens_predicted_total", countsRequests: false)
            ]
        ]
        preset.outputTokens = [SeriesSelector("llamacpp:tokens_predicted_total")]
        preset.inputTokens = [SeriesSelector("llamacpp:prompt_tokens_total")]
        preset.waiting = [SeriesSelector("llamacpp:requests_deferred")]
        preset.utilization = [.keyValueCache: [UtilizationGauge(SeriesSelector("llamacpp:kv_cache_usage_ratio"))]]
        return preset
    }()

    /// https://github.com/NVIDIA/dcgm-exporter. Devices only.
    static let dcgm: EnginePreset = {
        var preset = EnginePreset("dcgm")
        preset.utilization = [
            .gpu: [UtilizationGauge(SeriesSelector("DCGM_FI_DEV_GPU_UTIL"), full: 100)],
            .memory: [UtilizationGauge(SeriesSelector("DCGM_FI_DEV_FB_USED"), free: SeriesSelector("DCGM_FI_DEV_FB_FREE"))],
        ]
        return preset
    }()
}
