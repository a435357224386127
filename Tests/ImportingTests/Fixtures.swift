import Importing
import Testing

/// Small files in the shape of each tool, written by hand.
enum Fixtures {
    static let guidellm = """
        {"metadata": {"version": 2, "guidellm_version": "0.8.1"}, "config": {"spec": {"backend": {"model": "mock"}}}, "benchmarks": [{
          "config": {"strategy": {"type_": "poisson", "rate": 15.0}}, "start_time": 1795229158.0, "duration": 2.5,
          "metrics": {"request_totals": {"successful": 1, "errored": 1, "incomplete": 0, "total": 2},
            "requests_per_second": {"successful": {"mean": 17.25, "median": 2.0}},
            "time_to_first_token_ms": {"successful": {"mean": 50, "count": 1, "percentiles": {"p50": 51, "p95": 52, "p999": 53}}}},
          "requests": {"successful": [{"request_id": "59cc5a14-d4e4-4342-a35e-29df3fa02e7a", "prompt_tokens": 104, "output_tokens": 16,
            "info": {"timings": {"request_start": 1795229158.25, "targeted_start": 1795229158.0}}, "request_latency": 0.1255,
            "time_to_first_token_ms": 51.0, "time_per_output_token_ms": 7.8, "inter_token_latency_ms": 5.0}],
           "errored": [{"request_id": "cf02f6c8-0ee3-4df7-9527-ee0f40cbec41", "time_to_first_token_ms": 0.0,
            "info": {"error": "HTTPStatusError(\\"Client error '429 Too Many Requests'\\")", "timings": {"request_start": 1795229158.5}}}],
           "incomplete": []}}]}
        """

    static let guidellmYAML = """
        metadata: {version: 2, guidellm_version: 0.8.1}
        config: {spec: {backend: {model: mock}}}
        benchmarks:
        - config:
            strategy: {type_: poisson, rate: 15.0}
          start_time: 1795229158.0
          duration: 2.5
          metrics:
            request_totals: {successful: 1, errored: 1}
            requests_per_second: {successful: {mean: 17.25}}
            time_to_first_token_ms:
              successful: {mean: 50, percentiles: {p50: 51, p95: 52, p999: 53}}
          requests:
            successful:
            - request_id: 59cc5a14-d4e4-4342-a35e-29df3fa02e7a
              prompt_tokens: 104
              output_tokens: 16
              info: {timings: {request_start: 1795229158.25, targeted_start: 1795229158.0}}
              request_latency: 0.1255
              time_to_first_token_ms: 51.0
              inter_token_latency_ms: 5.0
            errored:
            - request_id: cf02f6c8-0ee3-4df7-9527-ee0f40cbec41
              info: {error: 'HTTPStatusError("Client error ''429 Too Many Requests''")'}
        """

    static let guidellmTable = """
        Run Info,Benchmark,Request Counts,Request Counts,Time to First Token,Time to First Token,Time to First Token
        Backend,Strategy,Successful,Errored,Successful ms,Successful ms,Successful ms
        ,,,,Mean,Median,Percentiles
        "{""model"": ""mock""}",concurrent@8,48,12,52.5,52.0,"[50.0, 50.1, 50.2, 50.3, 50.4, 51.0, 54.0, 57.0, 58.0, 59.0, 60.0]"

        """

    static let aiperfFigures = """
        "request_throughput": {"unit": "requests/sec", "avg": 12.5}, "request_count": {"unit": "requests", "avg": 48.0},
        "error_request_count": {"unit": "requests", "avg": 12.0},
        "request_latency": {"unit": "ms", "avg": 125.0, "p50": 124.0, "max": 127.0},
        "time_to_first_token": {"unit": "us", "avg": 50500, "p95": 52500}, "inter_token_latency": {"unit": "ms", "avg": 5.1, "p50": 5.0},
        "error_summary": [{"error_details": {"code": 429, "type": "Too Many Requests"}, "count": 2}]
        """

    static let aiperfRecords = """
        {"metadata":{"request_start_ns":1,"benchmark_phase":"warmup"},"metrics":{"request_latency":{"value":5,"unit":"ms"}},"error":null}
        {"metadata":{"x_request_id":"1da17660-0d75-4247-b058-cabe4d646583","credit_issued_ns":1795227490173361623,\
        "request_start_ns":1795227490177051619,"benchmark_phase":"profiling","was_cancelled":false},"metrics":{\
        "request_latency":{"value":745.25,"unit":"ms"},"time_to_first_token":{"value":127.0,"unit":"ms"},\
        "inter_chunk_latency":{"value":[17.5,20.0],"unit":"ms"},"inter_token_latency":{"value":19.9,"unit":"ms"},\
        "usage_prompt_tokens":{"value":80,"unit":"tokens"},"input_sequence_length":{"value":64,"unit":"tokens"},\
        "output_sequence_length":{"value":32,"unit":"tokens"},"http_req_connection_overhead":{"value":22.5,"unit":"ms"}},"error":null}
        {"metadata":{"request_start_ns":1795227490277051619,"benchmark_phase":"profiling"},"metrics":{},\
        "error":{"code":500,"type":"Internal Server Error","message":"Internal Server Error"}}
        """

    /// A file with the same figures in another of aiperf's shapes.
    struct Other: Sendable, CustomTestStringConvertible {
        let format: InputFormat
        let labels: [String]
        let content: String

        var testDescription: String { format.rawValue }
    }

    static let aiperfOthers: [Other] = [
        Other(
            format: .aiperfTable, labels: ["profile"],
            content:
                "Metric,avg,min,max,p95\nRequest Latency (ms),125,,,\nTime to First Token (ms),50.5,,,52.5\n\nMetric,Value\nRequest Throughput (requests/sec),12.5\n"
        ),
        Other(
            format: .aiperfTimeslices, labels: ["timeslice 0", "timeslice 1"],
            content: "{\"timeslices\": [{\"start_ns\": 1, \"end_ns\": 2}, {\"start_ns\": 2, \"end_ns\": 3, \(aiperfFigures)}]}"),
        Other(
            format: .aiperfTimesliceTable, labels: ["timeslice 0", "timeslice 1"],
            content: """
                Timeslice,Start_NS,End_NS,Metric,Unit,Stat,Value
                0,1,2,Request Throughput,requests/sec,avg,3
                1,2,3,Request Throughput,requests/sec,avg,12.5
                1,2,3,Time to First Token,ms,p95,52.5
                """),
        Other(
            format: .aiperfAggregate, labels: ["concurrency=8"],
            content: """
                {"schema_version": "1.0", "metadata": {"aggregation_type": "confidence", "num_successful_runs": 2, "variation_label": "concurrency=8"},
                 "metrics": {"time_to_first_token_avg": {"mean": 50.5, "unit": "ms"}, "time_to_first_token_p95": {"mean": 52.5, "unit": "ms"},
                             "request_throughput_avg": {"mean": 12.5, "unit": "requests/sec"}}}
                """),
        Other(
            format: .aiperfAggregateTable, labels: ["phases.profiling.concurrency=8"],
            content: """
                metric,mean,std,unit
                time_to_first_token_avg,50.5,0.1,ms
                time_to_first_token_p95,52.5,0.1,ms
                request_throughput_avg,12.5,0.1,requests/sec

                Metadata
                Variation Label,phases.profiling.concurrency=8
                """),
        Other(
            format: .aiperfSweep, labels: ["concurrency 2", "concurrency 8"],
            content: """
                {"per_combination_metrics": [{"parameters": {"concurrency": 2}, "metrics": {}}, {"parameters": {"concurrency": 8}, "metrics": {
                 "time_to_first_token_p95": {"mean": 52.5}, "request_throughput_avg": {"mean": 12.5}}}]}
                """),
        Other(
            format: .aiperfSweepTable, labels: ["concurrency 2", "concurrency 8"],
            content: """
                concurrency,request_throughput_avg_mean,request_throughput_avg_std,time_to_first_token_p95_mean
                2,5,0.1,50
                8,12.5,0.1,52.5

                Best Configurations
                """),
    ]

    static let vllm = """
        {"date": "20261121-035421", "endpoint_type": "openai-chat", "backend": "openai-chat", "label": null, "model_id": "mock",
         "request_rate": "inf", "max_concurrency": 8, "duration": 2.0, "completed": 2, "failed": 1, "request_throughput": 1.0,
         "mean_ttft_ms": 105.0, "median_ttft_ms": 105.0, "p99_ttft_ms": 110.0, "output_throughput": 31.0,
         "input_lens": [108, 108, 108], "output_lens": [31, 0, 31], "ttfts": [0.1, 0.0, 0.11], "itls": [[0.02, 0.58], [], [0.02]],
         "latencies": [0.7, 0.0, 0.71], "start_times": [7152.0, 7152.5, 7153.5], "queue_times": [0.001, 0.0, 0.001],
         "errors": ["", "Too Many Requests", ""]}
        """

    static let sglang = """
        {"tag": null, "backend": "vllm-chat", "dataset_name": "random-ids", "request_rate": Infinity, "max_concurrency": 8, "duration": 2.0, \
        "completed": 2, "total_output_tokens_retokenized": 6, "request_throughput": 1.0, "mean_ttft_ms": 100.0, "p95_ttft_ms": 101.0, \
        "mean_tpot_ms": 20.0, "input_lens": [64, 64], "output_lens": [3, 3], "ttfts": [0.1, 0.1], "itls": [[0.02, 0.02], [0.02, 0.02]], \
        "errors": ["", ""]}

        """

    static let inferencePerf = """
        {"benchmark_time_seconds": 13.5, "load_summary": {"count": 100, "requested_rate": 80.0, "concurrency": 8}, "successes": {"count": 80,
          "latency": {"request_latency": {"mean": 1.36, "median": 1.36, "p99.9": 1.37}, "time_to_first_token": {"mean": 0.101, "median": 0.1},
                      "inter_token_latency": {"mean": 0.0, "median": 0.0, "max": 0.0}},
          "throughput": {"requests_per_sec": 5.8, "output_tokens_per_sec": 372.0}}, "failures": {"count": 20, "by_label": {}}}
        """

    static let inferencePerfRequests = """
        [{"start_time": 100.0, "end_time": 100.2, "request": "{}", "response": "data: x", "info": {"input_tokens": 100,
          "response_metrics": {"output_tokens": 3, "server_usage": {"prompt_tokens": 110, "completion_tokens": 3},
          "chunk_times": [100.1, 100.14, 100.19, 100.195], "output_token_times": [100.1, 100.14, 100.19]}}, "error": null},
         {"start_time": 101.0, "end_time": 131.0, "info": {}, "error": {"error_type": "TimeoutError", "error_msg": "timed out"}}]
        """

    static let benchmarkReport = """
        version: 0.2.1
        run:
          uid: stage-0
          time: {start: '2026-11-21T02:41:33.050Z', end: '2026-11-21T02:41:48.050Z', duration: PT15S}
        results:
          request_performance:
            aggregate:
              requests: {total: 80, failures: 0}
              latency:
                time_to_first_token: {units: s, mean: 0.101, p50: 0.1, p99p9: 0.106}
                time_per_output_token: {units: ms/token, mean: 20}
                request_latency: {units: parsecs, mean: 1}
              throughput:
                request_rate: {units: queries/s, mean: 5.5}
        """

    static let llmperf = """
        {"version": "2023-08-31", "name": "mock_200_32_summary", "model": "mock", "num_concurrent_requests": 8,
         "results_inter_token_latency_s_mean": 0.022, "results_ttft_s_quantiles_p95": 0.14, "results_ttft_s_mean": 0.106,
         "results_end_to_end_latency_s_mean": 0.7, "results_number_input_tokens_min": "175", "results_num_requests_started": 40,
         "results_error_rate": 0.0, "results_number_errors": 0, "results_num_completed_requests": 40,
         "results_num_completed_requests_per_min": 360, "timestamp": 1795233321}
        """

    static let llmperfResponses = """
        [{"error_code": null, "error_msg": "", "inter_token_latency_s": 0.0223, "ttft_s": 0.1, "end_to_end_latency_s": 0.62,
          "number_total_tokens": 222, "number_output_tokens": 27, "number_input_tokens": 195},
         {"error_code": 429, "error_msg": "slow down", "inter_token_latency_s": 0, "ttft_s": 0, "end_to_end_latency_s": 0}]
        """

    static let hey = """
        response-time,DNS+dialup,DNS,Request-write,Response-delay,Response-read,status-code,offset
        0.2404,0.0001,0.0000,0.0001,0.2007,0.0395,200,0.0006
        0.0100,0.0000,0.0000,0.0001,0.0090,0.0009,503,0.2506
        0.0100,0.0000,0.0000,0.0001,0.0090,0.0009,OK,0.2606
        """

    static let benchmarkResults = """
        {"metadata": {"benchmark_id": "5f0c4c1e-8d8d-4f5e-9a51-1f8f0d8f2a10", "timestamp": "2026-11-21T02:41:33Z", "version": "1.0.0"},
         "configuration": {"model": {"name": "llama-3.1-8b"}, "hardware": {}, "test_parameters": {"concurrency_levels": [8]}},
         "results": {"latency_metrics": {"time_to_first_token": {"mean_ms": 100, "median_ms": 99, "p50_ms": 99, "p95_ms": 120, "p99_ms": 150,
             "sample_count": 40}},
           "throughput_metrics": {"tokens_per_second": 350, "requests_per_second": 11},
           "resource_utilization": {"gpu_utilization_percent": {"mean": 90, "median": 91}},
           "error_metrics": {"total_errors": 2, "error_rate": 0.05, "errors_by_type": {"http_429": 2}}}}
        """

    /// One file of every format.
    static let all: [(InputFormat, String)] =
        [
            (.guidellm, guidellm), (.guidellm, guidellmYAML), (.guidellmTable, guidellmTable), (.aiperf, "{\(aiperfFigures)}"),
            (.aiperfRecords, aiperfRecords), (.vllmBench, vllm), (.sglangBench, sglang), (.inferencePerf, inferencePerf),
            (.inferencePerfRequests, inferencePerfRequests), (.benchmarkReport, benchmarkReport), (.llmperf, llmperf),
            (.llmperfResponses, llmperfResponses), (.hey, hey), (.benchmarkResults, benchmarkResults),
            (.measurementLines, "{\"measurement_id\": \"a\", \"ttft_ms\": 1.5}\n{\"e2e_ms\": 3, \"chunk_gaps_ms\": [1, 2]}\n"),
            (.measurementTable, "measurement_id,ttft_ms,e2e_ms\na,1.5,3\nb,2.5,\"4\"\n"),
            (.componentStatistics, "{\"a\": {\"avg_duration_ms\": 1, \"total_calls\": 3}}"),
        ] + aiperfOthers.map { ($0.format, $0.content) }
}
