package io.heterospec.topology;

import io.heterospec.processor.engine.DecodeEngine;
import io.heterospec.schemas.CancelEvent;
import io.heterospec.schemas.Completion;
import io.heterospec.schemas.GenerationDelta;
import io.heterospec.schemas.PromptEvent;
import io.heterospec.schemas.ResponseState;
import io.heterospec.schemas.RoutedRequest;
import io.heterospec.schemas.StepTelemetry;
import io.heterospec.schemas.Topics;
import io.heterospec.topology.gateway.ResponseStores;
import io.heterospec.topology.gateway.ResponseTable;
import io.heterospec.topology.gateway.ResponseTracker;
import io.heterospec.topology.generate.GenerateProcessor;
import io.heterospec.topology.generate.GenerateSettings;
import io.heterospec.topology.generate.Handover;
import io.heterospec.topology.generate.Output;
import io.heterospec.topology.route.PromptRouter;
import io.heterospec.topology.route.PromptRules;
import io.heterospec.topology.session.SessionOverflow;
import io.heterospec.topology.session.Stores;
import io.heterospec.topology.telemetry.GenerationMetrics;
import io.heterospec.topology.telemetry.RequestTraces;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.AutoOffsetReset;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.state.StoreBuilder;

/**
 * The whole graph.
 *
 * <pre>
 * prompts ──► router ──► requests.POOL ──► generate (sessions, session-kv, pending, progress, request-ids)
 *                └─ invalid ─► completions       ▲            └─► deltas, completions, telemetry
 * cancellations ─────────────────────────────────┘
 *
 * prompts, deltas, completions ──► track (responses) ──► responses ──► response-table
 * </pre>
 *
 * The router, each pool and the gateways are applications of their own, so that GPU instances run
 * only the second half and each half has the guarantee it needs. Every name is explicit: names
 * decide where state lies.
 */
public final class HeteroSpecTopology {
  private static final String COMPLETIONS = "completions";

  private final HeteroSpecConfig config;
  private final RequestTraces traces;
  private final Topics topics;
  private final Avro avro;
  private final Handover handover = new Handover();

  /** Without traces. */
  public HeteroSpecTopology(HeteroSpecConfig config) {
    this(config, RequestTraces.none());
  }

  public HeteroSpecTopology(HeteroSpecConfig config, RequestTraces traces) {
    this.config = config;
    this.traces = traces;
    this.topics = config.topics();
    this.avro = new Avro(config.clientSettings());
  }

  /** By which the tasks of the processor's topology are asked to hand over. */
  public Handover handover() {
    return handover;
  }

  /** Prompt events to the pools. */
  public Topology router() {
    PromptRules rules = new PromptRules(config.getInt(HeteroSpecConfig.MAX_PROMPT_BYTES));
    Topology topology =
        new Topology()
            .addSource("prompts", keys(), avro.deserializer(PromptEvent.class), topics.prompts())
            .addProcessor(
                "router",
                () ->
                    new PromptRouter(
                        rules, config.routes(), COMPLETIONS, config.recordLimit(), traces),
                "prompts");
    for (String pool : new LinkedHashSet<>(config.routes().values())) {
      sink(
          topology, PromptRouter.child(pool), topics.requests(pool), RoutedRequest.class, "router");
    }
    sink(topology, COMPLETIONS, topics.completions(), Completion.class, "router");
    return topology;
  }

  /** The requests of this process's pool to text and telemetry. */
  public Topology processor(DecodeEngine engine, GenerationMetrics metrics) {
    Output.Children children = new Output.Children("deltas", COMPLETIONS, "telemetry");
    GenerateSettings settings = settings();
    Set<StoreBuilder<?>> stores = Stores.builders(config.changelogsPages(engine.cacheRowBytes()));
    Topology topology =
        new Topology()
            .addSource(
                "requests",
                keys(),
                avro.deserializer(RoutedRequest.class),
                topics.requests(config.pool()))
            .addSource(
                "cancellations",
                keys(),
                avro.deserializer(CancelEvent.class),
                topics.cancellations())
            .addProcessor(
                "generate",
                owning(
                    stores,
                    () ->
                        new GenerateProcessor(
                            engine, settings, children, metrics, traces, handover)),
                "requests",
                "cancellations");
    sink(topology, "deltas", topics.deltas(), GenerationDelta.class, "generate");
    sink(topology, COMPLETIONS, topics.completions(), Completion.class, "generate");
    sink(topology, "telemetry", topics.telemetry(), StepTelemetry.class, "generate");
    return topology;
  }

  /**
   * The gateways' part: what becomes of asynchronous responses, and the table of it that each
   * gateway holds. The three sources are keyed alike, so that all records of a request meet in one
   * task.
   *
   * @param table to be kept up to date
   */
  public Topology gateway(ResponseTable table) {
    Duration retention = millis(HeteroSpecConfig.RESPONSE_RETENTION_MS);
    String defaultModel = config.routes().keySet().iterator().next();
    // Older records are of responses that would be forgotten at once.
    AutoOffsetReset since = AutoOffsetReset.byDuration(retention);
    Topology topology =
        new Topology()
            .addSource(
                since, "prompts", keys(), avro.deserializer(PromptEvent.class), topics.prompts())
            .addSource(
                since, "deltas", keys(), avro.deserializer(GenerationDelta.class), topics.deltas())
            .addSource(
                since,
                COMPLETIONS,
                keys(),
                avro.deserializer(Completion.class),
                topics.completions())
            .addProcessor(
                "track",
                () -> new ResponseTracker(retention, defaultModel),
                "prompts",
                "deltas",
                COMPLETIONS)
            .addStateStore(ResponseStores.tracked(), "track");
    sink(topology, "responses", topics.responses(), ResponseState.class, "track");
    return topology.addGlobalStore(
        ResponseStores.table(),
        "response-states",
        keys(),
        avro.deserializer(ResponseState.class),
        topics.responses(),
        "response-table",
        table.updates());
  }

  private GenerateSettings settings() {
    return new GenerateSettings(
        millis(HeteroSpecConfig.PUNCTUATE_INTERVAL_MS),
        config.getInt(HeteroSpecConfig.WORK_BUDGET),
        millis(HeteroSpecConfig.COMMIT_INTERVAL_MS),
        config.getInt(HeteroSpecConfig.MAX_ATTEMPTS),
        millis(HeteroSpecConfig.RETRY_BACKOFF_MS),
        millis(HeteroSpecConfig.SESSION_TTL_MS),
        SessionOverflow.of(config.getString(HeteroSpecConfig.SESSION_OVERFLOW)),
        millis(HeteroSpecConfig.REQUEST_ID_RETENTION_MS),
        config.recordLimit());
  }

  private Duration millis(String key) {
    return Duration.ofMillis(config.getLong(key));
  }

  private <T extends SpecificRecord> void sink(
      Topology topology, String name, String topic, Class<T> type, String parent) {
    Serializer<T> values = avro.serializer(type);
    topology.addSink(name, topic, new StringSerializer(), values, parent);
  }

  private static Deserializer<String> keys() {
    return new StringDeserializer();
  }

  private static ProcessorSupplier<String, SpecificRecord, String, SpecificRecord> owning(
      Set<StoreBuilder<?>> stores,
      Supplier<Processor<String, SpecificRecord, String, SpecificRecord>> supplier) {
    return new ProcessorSupplier<>() {
      @Override
      public Processor<String, SpecificRecord, String, SpecificRecord> get() {
        return supplier.get();
      }

      @Override
      public Set<StoreBuilder<?>> stores() {
        return stores;
      }
    };
  }
}
