package io.heterospec.topology.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.heterospec.schemas.CancelEvent;
import io.heterospec.schemas.Completion;
import io.heterospec.schemas.FinishReason;
import io.heterospec.schemas.GenerationDelta;
import io.heterospec.schemas.PromptEvent;
import io.heterospec.schemas.RegistryConfig;
import io.heterospec.schemas.ResponseState;
import io.heterospec.schemas.ResponseStatus;
import io.heterospec.topology.HeteroSpecConfig;
import io.heterospec.topology.StandInApplication;
import io.heterospec.topology.TopicCreator;
import io.heterospec.topology.embedded.EmbeddedBroker;
import io.heterospec.topology.telemetry.RequestTraces;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.processor.TaskId;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A gateway on a broker, with the test in the place of all others. */
class GatewayTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final String OWNER = "alice";
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir static Path directory;
  @TempDir File state;

  private static final List<String> SCHEMAS = new CopyOnWriteArrayList<>(); // by id - 1
  private static final ExecutorService REGISTRY_THREADS = Executors.newCachedThreadPool();
  private static EmbeddedBroker broker;
  private static HttpServer registry;
  private static HeteroSpecConfig config;
  private static StandInApplication application;

  private static volatile CountDownLatch cancellationsMayPass;

  private final ResponseTable table = new ResponseTable();
  private final List<Gateway> gateways = new ArrayList<>();
  private Processor<String, ResponseState, Void, Void> updates;

  @BeforeAll
  static void start() throws IOException {
    broker = EmbeddedBroker.start(directory, 0, Map.of());
    registry = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    registry.createContext("/", GatewayTest::answer);
    registry.setExecutor(REGISTRY_THREADS);
    registry.start();
    config = config(Map.of());
    TopicCreator.ensure(config);
    application = new StandInApplication(config);
  }

  @AfterAll
  static void stop() {
    application.close();
    registry.stop(0);
    REGISTRY_THREADS.shutdownNow();
    broker.close();
  }

  private static HeteroSpecConfig config(Map<String, String> more) {
    Map<String, Object> settings = new HashMap<>(more);
    settings.put("bootstrap.servers", broker.bootstrapServers());
    settings.put(RegistryConfig.URL, "http://127.0.0.1:" + registry.getAddress().getPort());
    settings.put(RegistryConfig.MAX_RETRIES, "0");
    settings.put(RegistryConfig.TIMEOUT_MS, "3000");
    settings.put(HeteroSpecConfig.PARTITIONS, "1");
    settings.put(HeteroSpecConfig.REPLICATION, "1");
    return HeteroSpecConfig.fromMap(settings);
  }

  private static void answer(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    byte[] answer;
    if (exchange.getRequestMethod().equals("GET")) { // /schemas/ids/ID
      int id = Integer.parseInt(path.substring(path.lastIndexOf('/') + 1));
      answer = JSON.writeValueAsBytes(Map.of("schema", SCHEMAS.get(id - 1)));
    } else { // /subjects/SUBJECT/versions
      if (path.contains("cancellations")) {
        try {
          cancellationsMayPass.await();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      }
      String schema = JSON.readTree(exchange.getRequestBody()).path("schema").textValue();
      synchronized (SCHEMAS) {
        SCHEMAS.add(schema);
        answer = JSON.writeValueAsBytes(Map.of("id", SCHEMAS.size()));
      }
    }
    exchange.sendResponseHeaders(200, answer.length);
    exchange.getResponseBody().write(answer);
    exchange.close();
  }

  @BeforeEach
  void begin() {
    cancellationsMayPass = new CountDownLatch(0);
    Properties settings = new Properties();
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, "test");
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "none:1");
    MockProcessorContext<Void, Void> context =
        new MockProcessorContext<>(settings, new TaskId(0, 0), state);
    KeyValueStore<String, ResponseState> store = ResponseStores.table().build();
    store.init(context.getStateStoreContext(), store);
    updates = table.updates().get();
    updates.init(context);
  }

  @AfterEach
  void closeAll() {
    cancellationsMayPass.countDown();
    gateways.forEach(Gateway::close);
  }

  private Gateway open() {
    Gateway gateway = Gateway.open(config, table, RequestTraces.none());
    gateways.add(gateway);
    return gateway;
  }

  private static PromptEvent prompt(String id) {
    return PromptEvent.newBuilder()
        .setRequestId(id)
        .setText("hello")
        .setCreatedAt(Instant.ofEpochMilli(7))
        .build();
  }

  /** What an observer was told: texts, completions, and why it was lost. */
  private static List<Object> start(Gateway gateway, String id) {
    ToldObserver observer =
        new ToldObserver() {
          @Override
          public void onText(String text) {
            super.onText(text);
            if (text.equals("unwanted")) {
              throw new IllegalArgumentException("cannot take it");
            }
          }
        };
    gateway.generations().start(prompt(id), Map.of(), observer, LIMIT);
    return observer.told;
  }

  private static void delta(String id, String text) {
    application.write(
        config.topics().deltas(),
        GenerationDelta.class,
        GenerationDelta.newBuilder()
            .setRequestId(id)
            .setTokenOffset(0)
            .setTokenIds(List.of(7))
            .setText(text)
            .build());
  }

  private static Completion completion(String id) {
    return Completion.newBuilder()
        .setRequestId(id)
        .setText("hi")
        .setFinishReason(FinishReason.STOP)
        .build();
  }

  /** The state of a response comes to this gateway. */
  private ResponseState track(String id, ResponseStatus status, Completion completion) {
    ResponseState response =
        ResponseState.newBuilder()
            .setResponseId(id)
            .setOwner(OWNER)
            .setRequestHash("hash")
            .setStatus(status)
            .setCompletion(completion)
            .build();
    updates.process(new Record<>(id, response, 0));
    return response;
  }

  /** Request ids of the cancellations, up to the one that is waited for. */
  private static List<String> cancelledUntil(String awaited) {
    String topic = config.topics().cancellations();
    try (KafkaConsumer<String, byte[]> reader =
        new KafkaConsumer<>(
            Map.of("bootstrap.servers", broker.bootstrapServers()),
            new StringDeserializer(),
            new ByteArrayDeserializer())) {
      List<TopicPartition> partition = List.of(new TopicPartition(topic, 0));
      reader.assign(partition);
      reader.seekToBeginning(partition);
      List<String> found = new ArrayList<>();
      await()
          .atMost(LIMIT)
          .pollInSameThread()
          .until(
              () -> {
                reader
                    .poll(Duration.ofMillis(100))
                    .forEach(
                        record ->
                            found.add(
                                application
                                    .avro()
                                    .deserializer(CancelEvent.class)
                                    .deserialize(topic, record.value())
                                    .getRequestId()));
                return found.contains(awaited);
              });
      return found;
    }
  }

  private static <T> T get(CompletableFuture<T> future) {
    return future.orTimeout(LIMIT.toSeconds(), TimeUnit.SECONDS).join();
  }

  private static GatewayException.Reason failure(CompletableFuture<?> future) {
    CompletionException thrown = catchThrowableOfType(CompletionException.class, () -> get(future));
    assertThat(thrown).hasCauseInstanceOf(GatewayException.class);
    return ((GatewayException) thrown.getCause()).reason();
  }

  @Test
  void aRequestTimeoutOfTheUsersOwnIsTakenHoweverLongItIs() {
    HeteroSpecConfig patient = config(Map.of("request.timeout.ms", "30000"));
    Gateway gateway = Gateway.open(patient, table, RequestTraces.none());
    gateways.add(gateway);
    List<Object> told = start(gateway, "patient");
    Completion end = completion("patient");
    application.write(config.topics().completions(), Completion.class, end);
    await().atMost(LIMIT).until(() -> told.contains(end));
  }

  /** A call with a key: when its end is known. */
  private static CompletableFuture<ResponseState> keptCall(Gateway gateway, String id) {
    return gateway
        .responses()
        .start(prompt(id), OWNER, "hash", Map.of())
        .thenCompose(found -> gateway.responses().findEnded(id, OWNER));
  }

  @Test
  void aResponseThatAGatewayBeforeHadPublishedEndsWithWhatTheTableSays() {
    Gateway gateway = open();
    String id = ResponseIds.of(OWNER, "key");
    CompletableFuture<ResponseState> ended = keptCall(gateway, id);
    await().atMost(LIMIT).until(() -> gateway.generations().open() == 1);
    track(id, ResponseStatus.QUEUED, null);
    ResponseState end = track(id, ResponseStatus.COMPLETED, completion(id));
    assertThat(get(ended)).isEqualTo(end);
    await().atMost(LIMIT).until(() -> gateway.generations().open() == 0);
  }

  @Test
  void aGatewayThatStopsTellsAllWhoWaitAndCancelsOnlyWhatNobodyCanComeBackFor() {
    Gateway gateway = open();
    String id = ResponseIds.of(OWNER, "stopping");
    CompletableFuture<ResponseState> kept = keptCall(gateway, id);
    track(id, ResponseStatus.QUEUED, null);
    List<Object> told = start(gateway, "stopping");
    gateway.close();
    assertThat(told).containsExactly(GatewayException.Reason.UNAVAILABLE);
    assertThat(failure(kept)).isEqualTo(GatewayException.Reason.UNAVAILABLE);
    assertThat(cancelledUntil("stopping")).doesNotContain(id);
  }

  @Test
  void readingGoesOnWhileACancellationWaitsForTheRegistry() {
    Gateway gateway = open();
    start(gateway, "bad");
    List<Object> told = start(gateway, "good");
    cancellationsMayPass = new CountDownLatch(1);
    delta("bad", "unwanted");
    delta("good", "hi");
    await().atMost(LIMIT).until(() -> told.contains("hi"));
    cancellationsMayPass.countDown();
    assertThat(cancelledUntil("bad")).doesNotContain("good");
  }

  @Test
  void whereAReaderEndsAllWhoWaitAreToldAndNobodyIsLetInAnyMore() {
    Gateway gateway = open();
    List<Object> told = start(gateway, "unread");
    Thread reader =
        Thread.getAllStackTraces().keySet().stream()
            .filter(thread -> thread.getName().equals("gateway-completions"))
            .findFirst()
            .orElseThrow();
    reader.interrupt(); // with which a poll fails
    await().atMost(LIMIT).until(() -> !told.isEmpty());
    assertThat(told).containsExactly(GatewayException.Reason.UNAVAILABLE);
    assertThat(gateway.generations().open()).isZero();
    assertThatThrownBy(() -> start(gateway, "late"))
        .isInstanceOfSatisfying(
            GatewayException.class,
            refused -> assertThat(refused.reason()).isEqualTo(GatewayException.Reason.UNAVAILABLE));
    assertThat(cancelledUntil("unread")).doesNotContain("late");
  }
}
