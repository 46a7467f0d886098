package io.heterospec.topology;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(
    packages = "io.heterospec",
    importOptions = {ImportOption.DoNotIncludeTests.class})
class ModuleBoundaryTest {

  @ArchTest
  static final ArchRule schemasKnowNeitherModelsNorStreams =
      noClasses()
          .that()
          .resideInAPackage("io.heterospec.schemas..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "io.heterospec.processor..",
              "io.heterospec.topology..",
              "org.apache.kafka.streams..",
              "ai.djl..");

  @ArchTest
  static final ArchRule theApplicationUsesTheEngineNotItsInsides =
      noClasses()
          .that()
          .resideInAPackage("io.heterospec.topology..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.heterospec.processor.model..", "ai.djl..");

  @ArchTest
  static final ArchRule theTopologyDoesNotKnowTheCommandLine =
      noClasses()
          .that()
          .resideInAPackage("io.heterospec.topology..")
          .and()
          .resideOutsideOfPackage("..topology.cli..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("..topology.cli..");

  @ArchTest
  static final ArchRule theEmbeddedBrokerIsForTheCommandLineOnly =
      noClasses()
          .that()
          .resideInAnyPackage("..route..", "..generate..", "..session..", "..telemetry..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("..topology.embedded..");
}
