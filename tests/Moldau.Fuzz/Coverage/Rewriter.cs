using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Moldau.Fuzz;

/// <summary>Rewrites an assembly so that it counts where it comes along (<see cref="EdgeMap"/>). The counting code leaves the
/// evaluation stack as it is, so it may stand anywhere between two instructions.</summary>
internal sealed class Rewriter(Dictionary<string, int> constants, HashSet<string> words)
{
    private const int LongestWord = 40;

    private FieldReference? _counters;
    private MethodReference? _burn;
    private MethodReference? _compared;
    private MethodReference? _comparedWide;

    /// <summary>Places given out so far.</summary>
    public int Places { get; private set; }

    /// <param name="path">The assembly.</param>
    /// <param name="isWanted">Which types are rewritten, by full name.</param>
    public byte[] Rewrite(string path, Predicate<string> isWanted)
    {
        using AssemblyDefinition assembly = AssemblyDefinition.ReadAssembly(path);
        ModuleDefinition module = assembly.MainModule;
        bool isOwn = assembly.Name.Name == typeof(EdgeMap).Assembly.GetName().Name;
        TypeReference map = isOwn
            ? module.GetType(typeof(EdgeMap).FullName)
            : new TypeReference("Moldau.Fuzz", nameof(EdgeMap), module, Reference(module));
        _counters = new FieldReference(nameof(EdgeMap.Counters), new PointerType(module.TypeSystem.Byte), map);
        _burn = new MethodReference(nameof(EdgeMap.Burn), module.TypeSystem.Void, map);
        _compared = Pair(nameof(EdgeMap.Compared), module.TypeSystem.Int32);
        _comparedWide = Pair(nameof(EdgeMap.ComparedWide), module.TypeSystem.Int64);
        foreach (TypeDefinition type in module.GetTypes())
        {
            if (!isWanted(type.FullName)) continue;
            foreach (MethodDefinition method in type.Methods)
                if (method.HasBody) Rewrite(method.Body);
        }

        using MemoryStream stream = new();
        assembly.Write(stream);
        return stream.ToArray();

        MethodReference Pair(string name, TypeReference number) => new(name, module.TypeSystem.Void, map)
        {
            Parameters = { new ParameterDefinition(number), new ParameterDefinition(number) },
        };
    }

    private static AssemblyNameReference Reference(ModuleDefinition module)
    {
        AssemblyNameReference reference = new("Moldau.Fuzz", new Version(0, 1, 0, 0));
        module.AssemblyReferences.Add(reference);
        return reference;
    }

    private void Rewrite(MethodBody body)
    {
        Dictionary<Instruction, int> order = [];
        foreach (Instruction instruction in body.Instructions) order.Add(instruction, order.Count);
        HashSet<Instruction> places = [body.Instructions[0]];
        HashSet<Instruction> loops = [];
        foreach (Instruction instruction in body.Instructions) Look(instruction, order, places, loops);
        foreach (ExceptionHandler handler in body.ExceptionHandlers)
            if (handler.HandlerType == ExceptionHandlerType.Catch) places.Add(handler.HandlerStart);
        // A new list: to insert into the old one costs a search of all of it each time.
        List<Instruction> rewritten = [];
        foreach (Instruction instruction in body.Instructions)
        {
            instruction.OpCode = Long(instruction.OpCode);
            Code? next = instruction.Next?.OpCode.Code;
            List<Instruction> before = [];
            if (places.Contains(instruction)) Count(before, loops.Contains(instruction));
            if (next is { } code && IsComparison(code)) Compare(before, instruction);
            if (before.Count > 0) Prefix(instruction, before);
            rewritten.Add(instruction);
            rewritten.AddRange(before);
        }

        body.Instructions.Clear();
        foreach (Instruction instruction in rewritten) body.Instructions.Add(instruction);
    }

    /// <summary>The instruction becomes the first of the new ones and a copy of it their last, so that all branches and handlers that
    /// name it still do. What is left in the list comes behind it.</summary>
    private static void Prefix(Instruction place, List<Instruction> before)
    {
        Instruction copy = Instruction.Create(OpCodes.Nop);
        (copy.OpCode, copy.Operand) = (place.OpCode, place.Operand);
        (place.OpCode, place.Operand) = (before[0].OpCode, before[0].Operand);
        before.RemoveAt(0);
        before.Add(copy);
    }

    /// <summary>The code in between grows: no branch may be short.</summary>
    private static OpCode Long(OpCode code) => code.Code switch
    {
        Code.Br_S => OpCodes.Br,
        Code.Brfalse_S => OpCodes.Brfalse,
        Code.Brtrue_S => OpCodes.Brtrue,
        Code.Beq_S => OpCodes.Beq,
        Code.Bne_Un_S => OpCodes.Bne_Un,
        Code.Bge_S => OpCodes.Bge,
        Code.Bge_Un_S => OpCodes.Bge_Un,
        Code.Bgt_S => OpCodes.Bgt,
        Code.Bgt_Un_S => OpCodes.Bgt_Un,
        Code.Ble_S => OpCodes.Ble,
        Code.Ble_Un_S => OpCodes.Ble_Un,
        Code.Blt_S => OpCodes.Blt,
        Code.Blt_Un_S => OpCodes.Blt_Un,
        Code.Leave_S => OpCodes.Leave,
        _ => code,
    };

    private void Look(Instruction at, Dictionary<Instruction, int> order, HashSet<Instruction> places, HashSet<Instruction> loops)
    {
        switch (at.Operand)
        {
            case Instruction target:
                Target(target);
                break;
            case Instruction[] targets:
                foreach (Instruction target in targets) Target(target);
                break;
            case int or sbyte:
                int number = at.Operand is int wide ? wide : (sbyte)at.Operand;
                constants.TryAdd($"{number}", number);
                break;
            case string text when text.Length is > 0 and <= LongestWord:
                words.Add(text);
                break;
        }

        if (at.OpCode.FlowControl == FlowControl.Cond_Branch && at.Next is { } next) places.Add(next);

        void Target(Instruction target)
        {
            places.Add(target);
            if (order[target] <= order[at]) loops.Add(target);
        }
    }

    private static bool IsComparison(Code code) => code is Code.Ceq or Code.Cgt or Code.Cgt_Un or Code.Clt or Code.Clt_Un
        or (>= Code.Beq_S and <= Code.Blt_Un_S) or (>= Code.Beq and <= Code.Blt_Un);

    /// <summary>A constant that a comparison follows: what it is compared with is on the stack and of its type. Constants next to zero
    /// are found without help.</summary>
    private void Compare(List<Instruction> before, Instruction constant)
    {
        long? value = constant.OpCode.Code switch
        {
            Code.Ldc_I8 => (long)constant.Operand,
            Code.Ldc_I4 => (int)constant.Operand,
            Code.Ldc_I4_S => (sbyte)constant.Operand,
            >= Code.Ldc_I4_2 and <= Code.Ldc_I4_8 => constant.OpCode.Code - Code.Ldc_I4_0,
            _ => null,
        };
        if (value is null or (>= -1 and <= 1)) return;
        bool isWide = constant.OpCode.Code == Code.Ldc_I8;
        before.Add(Instruction.Create(OpCodes.Dup));
        before.Add(isWide ? Instruction.Create(OpCodes.Ldc_I8, value.Value) : Instruction.Create(OpCodes.Ldc_I4, (int)value.Value));
        before.Add(Instruction.Create(OpCodes.Call, isWide ? _comparedWide : _compared));
    }

    /// <summary>Leaves the stack as it is.</summary>
    private void Count(List<Instruction> before, bool isLoop)
    {
        if (Places >= EdgeMap.Capacity) throw new InvalidOperationException("the map is too small");
        before.AddRange([
            Instruction.Create(OpCodes.Ldsfld, _counters), Instruction.Create(OpCodes.Ldc_I4, Places++), Instruction.Create(OpCodes.Add),
            Instruction.Create(OpCodes.Dup), Instruction.Create(OpCodes.Ldind_U1), Instruction.Create(OpCodes.Ldc_I4_1),
            Instruction.Create(OpCodes.Add), Instruction.Create(OpCodes.Conv_U1), Instruction.Create(OpCodes.Stind_I1),
        ]);
        if (isLoop) before.Add(Instruction.Create(OpCodes.Call, _burn));
    }
}
