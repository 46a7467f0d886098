package io.heterospec.topology;

import static org.assertj.core.api.Assertions.assertThat;

import io.heterospec.topology.cli.HeteroSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What the README says is what the program does. */
class ReadmeTest {
  private static final Pattern WORD = Pattern.compile("\"([^\"]*)\"|(\\S+)");
  private static final String BEGIN = "<!-- config:begin -->\n";
  private static final String END = "<!-- config:end -->";

  private static String readme() throws IOException {
    return Files.readString(DemoPair.home().resolve("README.md"));
  }

  @Test
  void theConfigurationTableIsTheCodes() throws IOException {
    String readme = readme();
    String table = readme.substring(readme.indexOf(BEGIN) + BEGIN.length(), readme.indexOf(END));
    assertThat(table).isEqualTo(ConfigTable.markdown(HeteroSpecConfig.definition()));
  }

  @Test
  void everyCommandIsOneTheProgramUnderstands() throws IOException {
    List<String> commands =
        readme().lines().filter(line -> line.startsWith("./heterospec ")).toList();
    assertThat(commands).hasSizeGreaterThan(10);
    for (String command : commands) {
      List<String> words = new ArrayList<>();
      Matcher word = WORD.matcher(command.replaceFirst(" +#.*", ""));
      while (word.find()) {
        words.add(word.group(1) == null ? word.group(2) : word.group(1));
      }
      words.remove(0);
      HeteroSpec.commandLine().parseArgs(words.toArray(String[]::new));
    }
  }

  @Test
  void theGateRunsTheTestCommandOfTheReadme() throws IOException {
    assertThat(readme()).contains("mvn verify");
    assertThat(Files.readString(DemoPair.home().resolve(".ci/run"))).contains("mvn -B -ntp verify");
  }
}
