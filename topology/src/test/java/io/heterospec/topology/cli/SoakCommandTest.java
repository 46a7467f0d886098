package io.heterospec.topology.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class SoakCommandTest {

  @Test
  void whatAnInstanceTakesIsMeasuredFromOutside() throws IOException {
    Cli soak =
        Cli.run("soak --prompts 24 --in-flight 24 --max-tokens 2 --interval 1 --json".split(" "));
    JsonNode report = soak.json();
    assertThat(report.get("completions").asInt()).isEqualTo(24);
    assertThat(report.get("failed").asInt()).isZero();
    JsonNode samples = report.get("samples");
    assertThat(samples).hasSizeGreaterThanOrEqualTo(2);
    JsonNode last = samples.get(samples.size() - 1);
    assertThat(last.get("completions").asInt()).isEqualTo(24);
    assertThat(last.get("pending").asInt()).isZero();
    assertThat(last.get("lag").asInt()).isZero();
    // 24 prompts are of 8 conversations; those of the first requests may be there, too.
    assertThat(last.get("sessions").asInt()).isBetween(8, 19);
    assertThat(last.get("state_files").asInt()).isPositive();
    assertThat(last.get("poll_gap_seconds").asDouble()).isPositive();
    assertThat(last.get("heap_mib").asDouble()).isPositive();
    assertThat(report.get("growing")).isEmpty(); // a burst has no time to level off
  }

  @Test
  void nothingToDoIsRefused() {
    Cli soak = Cli.run("soak", "--in-flight", "0");
    assertThat(soak.code()).isEqualTo(HeteroSpec.WRONG_INPUT);
    assertThat(soak.err()).contains("--in-flight must be 1 or more");
  }
}
