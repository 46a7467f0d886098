package io.heterospec.topology.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.heterospec.schemas.RegistryConfig;
import io.heterospec.schemas.RegistryUnavailableException;
import io.heterospec.topology.HeteroSpecConfig;
import io.heterospec.topology.HeteroSpecTopology;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What becomes of a record when something answers in the registry's place. */
class RegistryAnswersTest {
  private static final byte[] OF_SCHEMA_7 = {0, 0, 0, 0, 7, 1, 2, 3};

  @TempDir Path directory;
  private HttpServer registry;
  private TopologyTestDriver driver;
  private TestInputTopic<byte[], byte[]> prompts;
  private TestOutputTopic<byte[], byte[]> deadLetters;
  private int status;
  private String answer;

  @BeforeEach
  void start() throws IOException {
    registry = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    registry.createContext("/", this::answer);
    registry.start();
    HeteroSpecConfig config =
        HeteroSpecConfig.fromMap(
            Map.of(
                "bootstrap.servers",
                "none:1",
                HeteroSpecConfig.STATE_DIR,
                directory.toString(),
                RegistryConfig.URL,
                "http://127.0.0.1:" + registry.getAddress().getPort(),
                RegistryConfig.MAX_RETRIES,
                "0"));
    driver =
        new TopologyTestDriver(new HeteroSpecTopology(config).router(), config.routerProperties());
    prompts =
        driver.createInputTopic(
            config.topics().prompts(), new ByteArraySerializer(), new ByteArraySerializer());
    deadLetters =
        driver.createOutputTopic(
            config.topics().deadLetters(),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer());
  }

  @AfterEach
  void stop() {
    driver.close();
    registry.stop(0);
  }

  private void answer(HttpExchange exchange) throws IOException {
    byte[] body = answer.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "401 | {\"error_code\": 40101, \"message\": \"who are you\"}",
        "403 | <html>forbidden</html>",
        "302 | moved",
        "404 | <html>no such page</html>",
        "404 | {\"error_code\": 40401, \"message\": \"no such subject\"}",
        "409 | {\"error_code\": 409, \"message\": \"conflict\"}",
        "200 | <html>sign in</html>",
        "200 | {}"
      })
  void aWrongAnswerStopsTheTaskAndSetsNothingAside(int wrongStatus, String wrongAnswer) {
    status = wrongStatus;
    answer = wrongAnswer;
    assertThatThrownBy(() -> prompts.pipeInput(OF_SCHEMA_7)).isInstanceOf(RuntimeException.class);
    assertThat(deadLetters.isEmpty()).isTrue();
  }

  @Test
  void itStopsAsWhenNoRegistryAnswers() {
    status = 401;
    answer = "{}";
    assertThatThrownBy(() -> prompts.pipeInput(OF_SCHEMA_7))
        .hasRootCauseInstanceOf(RegistryUnavailableException.class);
  }

  @Test
  void aSchemaThatTheRegistryItselfDoesNotHaveMakesADeadLetter() {
    status = 404;
    answer = "{\"error_code\": 40403, \"message\": \"Schema 7 not found\"}";
    prompts.pipeInput(OF_SCHEMA_7);
    assertThat(deadLetters.readValue()).isEqualTo(OF_SCHEMA_7);
  }
}
