#!/bin/sh
# Makes kafka-4.4.0.golden.gz with Apache Kafka's own message classes. Needs a JDK and the jars:
#   make-golden.sh FOLDER-OF-KAFKA-JARS FOLDER-OF-COMMON-JARS [STREAMS-JAR]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
kafka=$1 common=$2 streams=${3:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
path="$kafka/*:$common/*${streams:+:$streams}"
javac -nowarn -d "$work" -cp "$path" "$here/GoldenMaker.java"
jars=$(ls "$kafka"/kafka*.jar)
java -Xmx512m -cp "$work:$path" GoldenMaker "$here/kafka-4.4.0.golden.gz" $jars ${streams:+"$streams"}
