package io.heterospec.topology.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class ChaosCommandTest {

  @Test
  void nothingIsLostRepeatedOrChangedWhenInstancesAreKilledAndStopped() throws IOException {
    Cli chaos =
        Cli.run("chaos --prompts 12 --kills 2 --instances 2 --max-tokens 200 --json".split(" "));
    assertThat(chaos.code()).as(chaos.out() + chaos.err()).isZero();
    JsonNode report = chaos.json();
    assertThat(report.get("violations")).isEmpty();
    assertThat(report.get("completions").asInt()).isEqualTo(12 + 9); // and each script undisturbed
    assertThat(report.get("faults").get("kill").get("count").asInt()).isEqualTo(1);
    JsonNode takeover = report.get("faults").get("kill").get("takeovers").get(0);
    assertThat(takeover.get("requests").asInt()).isPositive();
    assertThat(takeover.get("longest_seconds").isNumber()).isTrue();
    assertThat(report.get("faults").get("terminate").get("count").asInt()).isEqualTo(1);
  }

  @Test
  void anUnknownFaultIsRefused() {
    Cli chaos = Cli.run("chaos", "--faults", "kill,flood");
    assertThat(chaos.code()).isEqualTo(HeteroSpec.WRONG_INPUT);
    assertThat(chaos.err()).contains("flood").containsIgnoringCase("page_corrupted");
  }

  @Test
  void anUnknownProtocolIsRefused() {
    Cli chaos = Cli.run("chaos", "--protocol", "consumer");
    assertThat(chaos.code()).isEqualTo(HeteroSpec.WRONG_INPUT);
    assertThat(chaos.err()).contains("classic or streams");
  }
}
